//! What is counted, who may read it, and what is made of it: scrapes of a real daemon, read by Prometheus itself.

#![cfg(test)]

mod documents;
mod kit;
mod life;
mod prometheus;
mod server;
mod traces;
