//! The part with sockets: bounds on what clients may take, and an end that lets running answers finish.

use std::{future::Future, io, net::SocketAddr, pin::pin, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::net::{TcpListener, TcpStream};

use crate::{limits::Limits, places::Places, steady::SteadySocket};

/// How long to wait before accepting again when the system is out of something, such as file handles.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `router` on `listener` until `stop` is ready, then lets running answers finish.
///
/// HTTP/1.1 without TLS; both TLS and HTTP/2 are a reverse proxy's work.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: impl Future<Output = ()>) {
    let mut stop = pin!(stop);
    let connections = GracefulShutdown::new();
    let places = Places::new(limits.clone());
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.head_time).max_buf_size(limits.head_bytes);

    loop {
        let next = async {
            let (stream, peer) = accept(&listener).await;
            (stream, places.take(peer.ip()).await)
        };
        let (stream, place) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        let Some(place) = place else {
            tracing::debug!("too many connections from one address");
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        let socket = SteadySocket::new(stream, place.activity(), limits.write_bytes, limits.write_time);
        let connection = connections.watch(http.serve_connection(TokioIo::new(socket), service));
        tokio::spawn(async move {
            tokio::select! {
                ended = connection => if let Err(error) = ended {
                    tracing::debug!(%error, "a connection broke");
                },
                () = place.gone() => tracing::debug!("a connection gave way to another"),
            }
        });
    }

    drop(listener);
    tracing::info!("stopping");
    if tokio::time::timeout(limits.drain_time, connections.shutdown()).await.is_err() {
        tracing::warn!("some answers did not finish in time");
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection keeps its delay");
                }
                return (stream, peer);
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
