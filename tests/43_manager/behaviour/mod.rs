//! What a manager's server, its proxies and its process do, with clients that behave and with others.
//!
//! Whoever uses a name works on the same dictionary or list, one operation at a time; a client that is slow, dies or sends
//! nonsense costs only its own connection; and when the owner leaves, nothing is left.
//!
//! - [`server`]: a server on a thread, and what is asked of it.
//! - [`bytes`]: connections and what arrives on them, without a proxy.
//! - [`operations`]: dictionaries, lists and their names.
//! - [`wire`]: requests and answers on their way.
//! - [`hostile`]: clients that misbehave.
//! - [`end`]: the end of the server.
//! - [`parts`]: the processes that the stories are played with.
//! - [`processes`]: a server in a process, and other processes that use it.

mod server;

mod bytes;

mod operations;

mod wire;

mod hostile;

mod end;

mod parts;

mod processes;
