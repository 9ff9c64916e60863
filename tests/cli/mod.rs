//! The command line as scripts and people meet it: exit codes, messages, files, JSON.
mod accounts;
mod config;
mod inspection;
mod installation;
mod jobs;
mod operations;
mod secrets;
mod surface;
mod up;
