//! The listener and its connections.

mod dispatch;
pub(crate) mod tls;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::http::payload::Payload;
use crate::http::reply::Reply;

use crate::http::bad_end::Then;
use crate::state::shared::Shared;

/// How long the bytes of a refused client are read.
const LINGER: std::time::Duration = std::time::Duration::from_secs(10);

/// How a connection ends before its time.
enum End {
    Close,
    Reset,
    /// These bytes in place of what the HTTP library would send.
    Bytes(Vec<u8>, Then),
}

/// A connection's stream, down to the socket.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    fn socket(&self) -> &TcpStream;
}

impl Stream for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl Stream for TlsStream<TcpStream> {
    fn socket(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// Serves until `stop` is sent, by TLS if there is an acceptor. Runs its own runtime on the calling thread.
pub(crate) fn run(
    listener: std::net::TcpListener,
    acceptor: Option<&TlsAcceptor>,
    shared: &Arc<Shared>,
    stop: oneshot::Receiver<()>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::from_std(listener)?;
        tokio::select! {
            () = accept(&listener, acceptor, shared) => {}
            _ = stop => {}
        }
        Ok(())
    })
}

async fn accept(listener: &TcpListener, acceptor: Option<&TlsAcceptor>, shared: &Arc<Shared>) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Small answers must not wait for the client's acknowledgement.
                let _ = stream.set_nodelay(true);
                let shared = Arc::clone(shared);
                drop(match acceptor {
                    None => tokio::spawn(drive(stream, peer, shared)),
                    Some(acceptor) => {
                        tokio::spawn(shake_hands(acceptor.clone(), stream, peer, shared))
                    }
                });
            }
            // Out of descriptors, or a client gone before it was accepted: let others finish first.
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
        }
    }
}

async fn shake_hands(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    peer: SocketAddr,
    shared: Arc<Shared>,
) {
    match acceptor.accept(stream).into_fallible().await {
        Ok(stream) => drive(stream, peer, shared).await,
        // A client that does not trust the certificate hangs up. One that is refused may still be sending;
        // were its bytes left unread, the reset would overtake the alert that says why.
        Err((_, mut stream)) => {
            let _ = stream.shutdown().await;
            let mut nowhere = tokio::io::sink();
            let rest = tokio::io::copy(&mut stream, &mut nowhere);
            let _ = tokio::time::timeout(LINGER, rest).await;
        }
    }
}

/// Drives one connection to its end, which a reply may bring about.
async fn drive(stream: impl Stream, peer: SocketAddr, shared: Arc<Shared>) {
    let (end_it, mut ended) = mpsc::channel(1);
    let service =
        service_fn(move |request| reply(request, peer, Arc::clone(&shared), end_it.clone()));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let end = tokio::select! {
        // A broken connection of a client needs no action.
        _ = &mut connection => None,
        end = ended.recv() => end,
    };
    let Some(End::Reset | End::Bytes(..)) = end else { return };
    let mut stream = connection.into_parts().io.into_inner();
    let mut then = Then::Reset;
    if let Some(End::Bytes(bytes, after)) = end {
        let written = stream.write_all(&bytes).await;
        // The client has hung up: nothing more to send.
        let _ = written.and(stream.flush().await);
        then = after;
    }
    match then {
        Then::Close => {}
        // Closing with a zero linger time sends RST in place of FIN.
        Then::Reset => drop(stream.socket().set_zero_linger()),
        Then::Stall => drop(stream.read(&mut [0]).await),
    }
}

/// Serves in a task of its own: as with the real service, a client that hangs up does not undo a grant.
async fn reply(
    request: Request<Incoming>,
    peer: SocketAddr,
    shared: Arc<Shared>,
    end_it: mpsc::Sender<End>,
) -> io::Result<Response<Payload>> {
    let served = tokio::spawn(dispatch::serve(shared, peer, request)).await;
    let (reply, correlation_id) = served.map_err(io::Error::other)?;
    let end = match reply {
        Reply::Send(answer) => match answer.bad_end {
            None => return Ok(answer.into_response(&correlation_id)),
            Some((framing, then)) => {
                Some(End::Bytes(answer.into_bytes(framing, &correlation_id), then))
            }
        },
        Reply::Close => Some(End::Close),
        Reply::Reset => Some(End::Reset),
        Reply::Silence => None,
    };
    if let Some(end) = end {
        let _ = end_it.send(end).await;
    }
    std::future::pending().await
}
