//! Commands to a browser over a WebSocket: what Chromium's developer protocol and WebDriver BiDi have in common.
//!
//! A command is sent and its answer read by whoever wants it. No thread reads ahead and no library stands between: with
//! headless_chrome 1.0.22, which polls, a command took a tenth of a second, and a test gives hundreds.

use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Message, WebSocket};

/// Longest wait for an answer, which may be that to a promise; generous, as other work may share the machine.
const PATIENCE: Duration = Duration::from_secs(600);

/// A connection to a browser that takes commands.
pub(crate) struct Commands {
    socket: WebSocket<TcpStream>,
    given: u64,
}

impl Commands {
    /// Connects to a `ws://` address of this machine.
    pub(crate) fn connect(address: &str) -> Result<Self> {
        let host = address.strip_prefix("ws://").and_then(|rest| rest.split('/').next());
        let host = host.with_context(|| format!("{address} is no address of a WebSocket"))?;
        let stream = TcpStream::connect(host).with_context(|| format!("connecting to {address}"))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        // Pictures of a large screen are long messages.
        let unlimited = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        let (socket, _answer) = tungstenite::client::client_with_config(address, stream, Some(unlimited))
            .map_err(|error| anyhow::anyhow!("{address}: {error}"))?;
        Ok(Self { socket, given: 0 })
    }

    /// The result of `command`, an object of `method`, `params` and whom it is for. `event` is called with what the browser tells
    /// meanwhile.
    pub(crate) fn give(&mut self, mut command: Value, mut event: impl FnMut(Value)) -> Result<Value> {
        self.given += 1;
        command["id"] = json!(self.given);
        self.socket.send(Message::text(command.to_string()))?;
        let method = &command["method"];
        loop {
            let said = self.socket.read().with_context(|| format!("waiting for {method}"))?;
            let Message::Text(text) = said else { continue };
            let mut said: Value = serde_json::from_str(&text)?;
            match said.get("error") {
                // One protocol has an object here, the other a word and, beside it, a sentence.
                Some(error) if said["id"] == self.given => bail!("{method}: {error} {}", said["message"]),
                None if said["id"] == self.given => return Ok(said["result"].take()),
                _ => event(said),
            }
        }
    }
}
