//! Bounds on what clients may take.

use std::time::Duration;

/// What one client, or all of them together, may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at a time; more wait until one ends or gives way.
    pub connections: usize,
    /// Connections at a time from one address, or one network of IPv6; more are closed unless one gives way.
    pub connections_per_peer: usize,
    /// Where there are too many connections, one that has done nothing for so long gives way.
    pub patience: Duration,
    /// Bytes of a request's line and headers (at least 8 KiB).
    pub head_bytes: usize,
    /// Time for a request's headers to arrive, and for an idle connection to stay open.
    pub head_time: Duration,
    /// Bytes of an answer that a client has to take in each `write_time`, or all that is left.
    pub write_bytes: usize,
    /// Time for a client to take `write_bytes`.
    pub write_time: Duration,
    /// Time for running answers to finish once the server stops.
    pub drain_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            connections_per_peer: 1024,
            patience: Duration::from_millis(500),
            head_bytes: 32 * 1024,
            head_time: Duration::from_secs(30),
            write_bytes: 32 * 1024,
            write_time: Duration::from_secs(30),
            drain_time: Duration::from_secs(10),
        }
    }
}
