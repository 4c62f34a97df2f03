//! A client's socket, which is closed when the client takes too little of what it asked for.

use std::{
    future::Future as _,
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep},
};

use crate::places::Activity;

/// A socket that reports what it does, and fails when its client is too slow.
#[derive(Debug)]
pub(crate) struct SteadySocket {
    stream: TcpStream,
    activity: Arc<Activity>,
    pace: Pace,
}

/// How fast bytes are taken, while there are any to take.
#[derive(Debug)]
struct Pace {
    least_bytes: usize,
    time: Duration,
    /// Whether the client is being waited for, since `time` before the deadline.
    is_waiting: bool,
    /// Bytes that were taken meanwhile.
    taken: usize,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl SteadySocket {
    /// `stream`, of which the client has to take `least_bytes` in each `time`, or all that there is.
    pub(crate) fn new(
        stream: TcpStream,
        activity: Arc<Activity>,
        least_bytes: usize,
        time: Duration,
    ) -> Self {
        let pace = Pace { least_bytes, time, is_waiting: false, taken: 0, deadline: None };
        Self { stream, activity, pace }
    }

    fn watch(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(bytes)) => {
                self.activity.touch();
                self.pace.took(bytes);
            }
            Poll::Pending if self.pace.is_too_slow(cx) => {
                let error = io::Error::new(io::ErrorKind::TimedOut, "the client takes too little");
                return Poll::Ready(Err(error));
            }
            _ => {}
        }
        written
    }
}

impl Pace {
    fn took(&mut self, bytes: usize) {
        self.taken += bytes;
        if self.taken >= self.least_bytes {
            self.is_waiting = false;
        }
    }

    /// Whether the client, which takes nothing now, has had its time. Wakes the task of `cx` when that is over.
    fn is_too_slow(&mut self, cx: &mut Context<'_>) -> bool {
        let end = Instant::now() + self.time;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(end)));
        if !self.is_waiting {
            (self.is_waiting, self.taken) = (true, 0);
            deadline.as_mut().reset(end);
        }
        deadline.as_mut().poll(cx).is_ready()
    }
}

impl AsyncRead for SteadySocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.activity.touch();
        }
        read
    }
}

impl AsyncWrite for SteadySocket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.watch(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Comes when all is written that there is.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pace.is_waiting = false;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Drop for SteadySocket {
    /// What a client did not take is thrown away, which the system would keep for it otherwise.
    fn drop(&mut self) {
        if self.pace.is_waiting
            && let Err(error) = self.stream.set_zero_linger()
        {
            tracing::debug!(%error, "a closed connection keeps what was not taken");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_takes_too_little_in_the_time_is_too_slow() {
        let mut pace = Pace {
            least_bytes: 100,
            time: Duration::from_secs(30),
            is_waiting: false,
            taken: 0,
            deadline: None,
        };
        let after = async |pace: &mut Pace, seconds, bytes| {
            tokio::time::advance(Duration::from_secs(seconds)).await;
            pace.took(bytes);
            pace.is_too_slow(&mut Context::from_waker(Waker::noop()))
        };
        assert!(!after(&mut pace, 0, 0).await, "the time begins");
        for _ in 0..10 {
            assert!(!after(&mut pace, 29, 100).await, "enough, and it begins anew");
        }
        assert!(!after(&mut pace, 10, 10).await && !after(&mut pace, 10, 10).await);
        assert!(after(&mut pace, 10, 10).await, "30 bytes in 30 s");
    }
}
