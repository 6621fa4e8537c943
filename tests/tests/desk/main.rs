//! The administrator's day at the command line, with the real daemon, its plugins, a mail server, a telephone, and the
//! programs that read what is written for them: man pages, shells, JSON Schema.

#![cfg(test)]

mod doctor;
mod lists;
mod manual;
mod schemas;
mod shells;
mod watching;
