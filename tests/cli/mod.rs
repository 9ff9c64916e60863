//! The command line as scripts and people meet it: exit codes, messages, files, JSON.
mod accounts;
mod config;
mod jobs;
mod secrets;
mod surface;
mod up;
