//! SIGE Cloud, the ERP that bills the orders: its JSON and its HTTP interface.
//!
//! [`wire`] turns the API's own JSON arrays into the product's types and is usable on files, without a network.
//! Only the fields that a row of the spreadsheet needs are read; the rest of an order or of a person, in
//! particular `Senha` and `Salt`, never leaves the bytes it arrived in.

pub mod wire;
