//! The one integration binary: behaviour from outside.

mod sim;
