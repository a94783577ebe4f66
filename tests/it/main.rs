//! The one integration binary: behaviour from outside.

mod accounting;
mod sim;
