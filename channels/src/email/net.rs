//! Connections to the mail servers: the one place that opens a socket, and TLS over it.

use std::{net::SocketAddr, time::Duration};

use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use super::{
    account::{Security, Server},
    failure::MailError,
    tls,
};
use crate::{channel::Cx, shared::guard::GuardError};

/// Longest wait for a TCP connection or a TLS handshake.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// Bytes to and from a mail server, plain or encrypted.
pub(super) trait MailIo: AsyncRead + AsyncWrite + Unpin + Send + Sync + std::fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync + std::fmt::Debug> MailIo for T {}

/// A connection to a mail server.
pub(super) type MailStream = Box<dyn MailIo>;

/// Opens a connection; with [`Security::Tls`] it is encrypted already.
///
/// # Errors
/// [`MailError::Unreachable`] with a sentence that says at which point it failed.
pub(super) async fn open(cx: &Cx, server: &Server, ca_pem: Option<&str>) -> Result<MailStream, MailError> {
    let stream = connect(cx, server).await?;
    match server.security {
        Security::Tls => encrypt(Box::new(stream), server, ca_pem).await,
        Security::StartTls | Security::None => Ok(Box::new(stream)),
    }
}

/// Encrypts a connection, checking the server's certificate against its name.
///
/// # Errors
/// [`MailError::Unreachable`] when the handshake fails, [`MailError::Setting`] when the private CA is unreadable.
pub(super) async fn encrypt(stream: MailStream, server: &Server, ca_pem: Option<&str>) -> Result<MailStream, MailError> {
    let name = ServerName::try_from(server.host.clone())
        .map_err(|_| MailError::setting(server.host_field, format!("{} is not a host name.", server.host)))?;
    let connector = tokio_rustls::TlsConnector::from(tls::client_config(ca_pem)?);
    match timeout(CONNECT_TIMEOUT, connector.connect(name, stream)).await {
        Ok(Ok(stream)) => Ok(Box::new(stream)),
        Ok(Err(error)) => Err(MailError::unreachable(server.host_field, tls::explain(server, &error))),
        Err(_) => Err(MailError::unreachable(
            server.host_field,
            format!("{}:{} did not finish the TLS handshake in time.", server.host, server.port),
        )),
    }
}

async fn connect(cx: &Cx, server: &Server) -> Result<TcpStream, MailError> {
    let mut last = format!("The host {} has no address.", server.host);
    for address in addresses(cx, server).await? {
        let opened = async {
            let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
            // NAT boxes drop idle connections silently; keepalives make the system notice.
            socket.set_keepalive(true)?;
            let stream = socket.connect(address).await?;
            stream.set_nodelay(true)?;
            std::io::Result::Ok(stream)
        };
        match timeout(CONNECT_TIMEOUT, opened).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = format!("No connection to {}:{}: {error}.", server.host, server.port),
            Err(_) => last = format!("{}:{} does not answer.", server.host, server.port),
        }
    }
    Err(MailError::unreachable(server.host_field, last))
}

/// The addresses that the guard lets us connect to.
async fn addresses(cx: &Cx, server: &Server) -> Result<Vec<SocketAddr>, MailError> {
    let Server { host, port, host_field, .. } = server;
    cx.http.guard().resolve(host, *port).await.map_err(|error| match error {
        GuardError::Refused { .. } => MailError::setting(host_field, format!("{error}; an operator must open it first.")),
        GuardError::NoAddress { .. } => MailError::unreachable(host_field, format!("The host {host} has no address.")),
        GuardError::Lookup { .. } => MailError::unreachable(host_field, format!("The host {host} is not known.")),
    })
}
