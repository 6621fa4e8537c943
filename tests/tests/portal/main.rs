//! The portal as people meet it: real browsers before a real portal, with real mail and a real telephone.

mod kit;
mod links;
mod sign_in;
