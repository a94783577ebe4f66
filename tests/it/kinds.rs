//! Rules of every kind, from outside: they learn, fire, stay, end, and are misled by nothing that was not seen whole.

mod absence;
mod anomaly;
mod contributors;
mod models;
mod ratio;
mod remembered;
mod seen;
