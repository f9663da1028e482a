//! The connection of the subcommands to a gateway: ours, or any other that speaks the Zeebe contract.

use std::{env, time::Duration};

use clap::Args;
use tonic::{
    Request, Response, Status,
    transport::{Channel, Endpoint},
};
use weir_api::proto::{gateway_client::GatewayClient, weir::follow_client::FollowClient};

use crate::failure::Failure;

/// Where servers listen unless told otherwise.
pub(crate) const DEFAULT_ADDRESS: &str = "127.0.0.1:26500";
/// Bytes of one answer that are accepted: a full batch of jobs with room for its envelope.
const ANSWER_BYTES: usize = 16 * 1024 * 1024;
/// Time for the TCP and HTTP/2 handshakes.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Which gateway, and how long to wait for it.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// Gateway to talk to: HOST:PORT or http://HOST:PORT [default: 127.0.0.1:26500; env: WEIR_ADDRESS, ZEEBE_ADDRESS]
    #[arg(long, global = true, value_name = "HOST:PORT")]
    address: Option<String>,
    /// How long to wait for an answer, such as 500ms, 15s, 2m
    #[arg(long, global = true, value_name = "TIME", default_value = "15s", value_parser = humantime::parse_duration)]
    timeout: Duration,
}

impl Connection {
    /// The connection to a server that this process has started itself.
    pub(crate) fn to(address: impl Into<String>) -> Self {
        Self { address: Some(address.into()), timeout: Duration::from_secs(15) }
    }

    /// The address as the user gave it, or the default.
    pub(crate) fn address(&self) -> String {
        let environment = || ["WEIR_ADDRESS", "ZEEBE_ADDRESS"].iter().find_map(|name| env::var(name).ok());
        self.address.clone().or_else(environment).unwrap_or_else(|| DEFAULT_ADDRESS.to_owned())
    }

    /// How long to wait for an answer.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Connects.
    ///
    /// # Errors
    /// [`Exit::Usage`](crate::exit::Exit::Usage) for an address that is none; connection errors show at the first call.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let address = self.address();
        let endpoint = endpoint(&address)?.connect_timeout(CONNECT_TIMEOUT);
        let channel = endpoint.connect_lazy();
        let follow = FollowClient::new(channel.clone()).max_decoding_message_size(ANSWER_BYTES);
        let gateway = GatewayClient::new(channel)
            .max_decoding_message_size(ANSWER_BYTES)
            .max_encoding_message_size(ANSWER_BYTES);
        Ok(Client { gateway, follow, address, timeout: self.timeout })
    }
}

/// An address as the user wrote it, as an endpoint.
fn endpoint(address: &str) -> Result<Endpoint, Failure> {
    let bad = |why: &str| {
        Failure::usage("this is not an address of a gateway")
            .at(address)
            .because(why)
            .try_this("give HOST:PORT, such as 127.0.0.1:26500")
    };
    let authority = match address.split_once("://") {
        None => address,
        Some(("http" | "grpc", rest)) => rest.trim_end_matches('/'),
        Some(("https" | "grpcs", _)) => return Err(bad("TLS is not supported by this client yet")),
        Some((scheme, _)) => return Err(bad(&format!("unknown scheme {scheme}"))),
    };
    let host_and_port = if authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
        authority.to_owned()
    } else {
        format!("{authority}:26500")
    };
    Endpoint::from_shared(format!("http://{host_and_port}")).map_err(|error| bad(&error.to_string()))
}

/// A connected client that turns refusals into [`Failure`]s.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    /// The generated client.
    pub(crate) gateway: GatewayClient<Channel>,
    /// What only Weir offers: following instances.
    pub(crate) follow: FollowClient<Channel>,
    /// For messages.
    pub(crate) address: String,
    timeout: Duration,
}

impl Client {
    /// A request that gives up after the user's time-out.
    pub(crate) fn request<T>(&self, message: T) -> Request<T> {
        self.request_within(message, self.timeout)
    }

    /// A request that the server answers only after some time of its own, such as a long poll.
    pub(crate) fn request_within<T>(&self, message: T, time: Duration) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(time);
        request
    }

    /// The answer, or why there is none. `doing` names the action: "cancelling the instance".
    pub(crate) fn answer<T>(&self, doing: &str, answer: Result<Response<T>, Status>) -> Result<T, Failure> {
        answer.map(Response::into_inner).map_err(|status| Failure::status(doing, &self.address, &status))
    }
}

#[cfg(test)]
mod tests {
    use super::endpoint;

    #[test]
    fn addresses_are_read_kindly() {
        for (text, uri) in [
            ("localhost", "http://localhost:26500/"),
            ("127.0.0.1:1234", "http://127.0.0.1:1234/"),
            ("http://a.example:80/", "http://a.example:80/"),
            ("grpc://a.example", "http://a.example:26500/"),
            ("[::1]:26500", "http://[::1]:26500/"),
        ] {
            assert_eq!(endpoint(text).unwrap().uri().to_string(), uri, "{text}");
        }
        for text in ["https://a.example", "ftp://a.example", "a b"] {
            assert!(endpoint(text).is_err(), "{text}");
        }
    }
}
