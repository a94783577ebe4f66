//! The one integration binary: behaviour from outside.

mod sim;
mod sim_estate;
mod sim_server;
