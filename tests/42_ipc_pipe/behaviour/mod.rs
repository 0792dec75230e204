//! What a pipe does with frames, with streams that misbehave, with several threads and with other processes.
//!
//! A value that is sent arrives whole and in order, or one is told why not: a broken peer costs neither memory nor the next
//! frame, and threads that share a connection neither mix frames nor hold each other up.
//!
//! - [`wire`]: frames and outcomes as the brief describes them, and connections over real sockets.
//! - [`script`]: streams that do what they are told, and connections over them.
//! - [`frames`]: values on their way, in whatever pieces the stream carries them.
//! - [`ends`]: the end of the stream, and its errors.
//! - [`values`]: values that cannot be encoded or decoded.
//! - [`limits`]: the longest payload, and what is over it.
//! - [`out_of_step`]: streams that cannot be used any more after an error.
//! - [`threads`]: one connection, several threads.
//! - [`processes`]: the other end is in another process.

mod wire;

mod script;

mod frames;

mod ends;

mod values;

mod limits;

mod out_of_step;

mod threads;

mod processes;
