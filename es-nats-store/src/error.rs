//! What goes wrong between this store and the server; the cause in `AppendError::Store`, `ReadError::Store` and the like.

use std::time::Duration;

/// Why the store failed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum NatsError {
    /// The server, or enough servers of its cluster, did not answer for as long as the store goes on asking.
    ///
    /// What was to be written may be written, or may still be; sending the same events again finds out.
    #[error(
        "no answer from JetStream for {} s ({last}); check that the servers run and that most of the cluster is there, \
         then send the same again",
        patience.as_secs_f32()
    )]
    NoAnswer {
        /// How long it was asked: [`Options::patience`](crate::Options::patience).
        patience: Duration,
        /// What the last attempt ended with.
        last: String,
    },
    /// The JetStream stream or bucket is not there any more.
    #[error("the JetStream stream `{stream}` is gone; connecting makes a new, empty one, so look for a backup first")]
    StreamMissing {
        /// The JetStream stream.
        stream: String,
    },
    /// The server refuses; asking again would not help.
    #[error("JetStream refused with code {code}: {description}")]
    Refused {
        /// The server's own number for it.
        code: u64,
        /// What the server says.
        description: String,
    },
    /// More bytes than the server takes in one message.
    #[error("{bytes} bytes do not fit into a message of {limit} bytes; raise `max_payload` of the servers")]
    TooLarge {
        /// How many bytes there are.
        bytes: usize,
        /// How many the server takes.
        limit: usize,
    },
    /// A stored message is not one that this store writes.
    #[error("message {sequence} of the JetStream stream `{stream}` is not one of this store: {problem}")]
    Broken {
        /// The JetStream stream.
        stream: String,
        /// The sequence of the message.
        sequence: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// The server's answer is not understood.
    #[error("the answer of JetStream to `{subject}` is not understood: {problem}")]
    Answer {
        /// What was asked.
        subject: String,
        /// What is wrong with the answer.
        problem: String,
    },
    /// The connection was closed by the program.
    #[error("the connection to NATS is closed; connect again")]
    Closed,
}
