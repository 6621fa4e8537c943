//! Every number that bounds something in the type checker.

use std::time::Duration;

/// Bytes of a request. Whoever asks puts the modules that a file requires into its text, so that the files of a request
/// are larger than those of a set of policies.
pub const REQUEST_BYTES: u64 = 32 * 1024 * 1024;
/// Files in a request.
pub const FILES: usize = 256;
/// Bytes of one text.
pub const FILE_BYTES: usize = 1024 * 1024;
/// How long one file may take.
pub const FILE_TIME: Duration = Duration::from_secs(5);
/// Problems that are told of one file.
pub const FILE_PROBLEMS: usize = 200;
/// Bytes of one message.
pub const MESSAGE_BYTES: usize = 2000;
/// Bytes that the process may use.
pub const MEMORY_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// Bytes of the stack of the checking thread: the checker's own bounds on nesting are made for large ones.
pub const STACK_BYTES: usize = 256 * 1024 * 1024;
