//! The command line as scripts and people meet it: exit codes, messages, files, JSON.
mod config;
mod surface;
