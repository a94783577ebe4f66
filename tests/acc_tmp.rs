#[path = "it/accounting.rs"]
mod accounting;
