//! The settings of a server as JavaScript passes them. What is left out takes the core's default.

use std::time::Duration;

use napi_derive::napi;
use sansocket::engineio;
use sansocket::engineio::Transports;
use sansocket::http::Cookie;
use sansocket::http::Cors;
use sansocket::http::Origins;
use sansocket::http::SameSite;
use sansocket::server::Config;
use sansocket::server::Protocol;
use sansocket::socketio;
use sansocket::websocket;

use crate::convert::error;

/// See `NativeOptions` in `lib/native.ts`. Durations are in milliseconds.
#[napi(object)]
pub struct Options {
    pub protocol: String,
    pub ping_interval: Option<f64>,
    pub ping_timeout: Option<f64>,
    pub upgrade_timeout: Option<f64>,
    pub connect_timeout: Option<f64>,
    pub max_payload_bytes: Option<f64>,
    pub max_message_bytes: Option<f64>,
    pub max_fragments: Option<u32>,
    pub max_buffered_bytes: Option<f64>,
    pub per_message_deflate: Option<bool>,
    pub polling: Option<bool>,
    pub websocket: Option<bool>,
    pub allow_upgrades: Option<bool>,
    pub cors: Option<CorsOptions>,
    pub cookie: Option<CookieOptions>,
}

/// See `NativeCors` in `lib/native.ts`.
#[napi(object)]
pub struct CorsOptions {
    pub origins: Vec<String>,
    pub credentials: Option<bool>,
    pub methods: Option<Vec<String>>,
    pub allowed_headers: Option<Vec<String>>,
    pub exposed_headers: Option<Vec<String>>,
    pub max_age: Option<f64>,
}

/// See `NativeCookie` in `lib/native.ts`.
#[napi(object)]
pub struct CookieOptions {
    pub name: String,
    pub path: Option<String>,
    pub domain: Option<String>,
    pub http_only: bool,
    pub same_site: Option<String>,
    pub secure: Option<bool>,
    pub max_age: Option<f64>,
}

impl Options {
    pub(crate) fn config(self) -> napi::Result<Config> {
        let default = Config::default();
        let engineio = self.engineio(default.engineio)?;
        Ok(Config {
            protocol: match self.protocol.as_str() {
                "websocket" => Protocol::WebSocket,
                "engine.io" => Protocol::EngineIo,
                "socket.io" => Protocol::SocketIo,
                _ => {
                    return Err(error(
                        "the protocol is none of websocket, engine.io, socket.io",
                    ));
                }
            },
            websocket: websocket::Config {
                max_message_bytes: count(
                    self.max_message_bytes,
                    default.websocket.max_message_bytes,
                ),
                max_fragments: self
                    .max_fragments
                    .unwrap_or(default.websocket.max_fragments),
                ..default.websocket
            },
            socketio: socketio::Config {
                // What one payload may bring must fit: a packet's text and its attachments.
                max_packet_size: engineio
                    .max_payload_bytes
                    .saturating_mul(2)
                    .max(default.socketio.max_packet_size),
                ..default.socketio
            },
            deflate: self
                .per_message_deflate
                .unwrap_or(false)
                .then(websocket::DeflateConfig::default),
            connect_timeout: millis(self.connect_timeout, default.connect_timeout),
            max_buffered_bytes: count(self.max_buffered_bytes, default.max_buffered_bytes),
            engineio,
            cors: self.cors.map_or(default.cors, CorsOptions::cors),
            cookie: self.cookie.map(CookieOptions::cookie).transpose()?,
            ..default
        })
    }

    fn engineio(&self, default: engineio::Config) -> napi::Result<engineio::Config> {
        let polling = self.polling.unwrap_or(true);
        let websocket = self.websocket.unwrap_or(true);
        Ok(engineio::Config {
            ping_interval: millis(self.ping_interval, default.ping_interval),
            ping_timeout: millis(self.ping_timeout, default.ping_timeout),
            upgrade_timeout: millis(self.upgrade_timeout, default.upgrade_timeout),
            max_payload_bytes: count(self.max_payload_bytes, default.max_payload_bytes),
            max_buffered_bytes: count(self.max_buffered_bytes, default.max_buffered_bytes),
            transports: match (polling, websocket) {
                (true, true) => Transports::All,
                (true, false) => Transports::Polling,
                (false, true) => Transports::WebSocket,
                (false, false) => return Err(error("at least one transport is needed")),
            },
            allow_upgrades: self.allow_upgrades.unwrap_or(default.allow_upgrades),
            ..default
        })
    }
}

impl CorsOptions {
    fn cors(self) -> Cors {
        let default = Cors::default();
        Cors {
            origins: if self.origins.is_empty() {
                Origins::SameOrigin
            } else if self.origins.iter().any(|origin| origin == "*") {
                Origins::Any
            } else {
                Origins::List(self.origins)
            },
            credentials: self.credentials.unwrap_or(default.credentials),
            methods: self.methods.unwrap_or(default.methods),
            allowed_headers: self.allowed_headers,
            exposed_headers: self.exposed_headers.unwrap_or_default(),
            max_age: self.max_age.map(seconds),
        }
    }
}

impl CookieOptions {
    fn cookie(self) -> napi::Result<Cookie> {
        let cookie = Cookie {
            name: self.name.into(),
            path: self.path.map(Into::into),
            domain: self.domain.map(Into::into),
            max_age: self.max_age.map(seconds),
            http_only: self.http_only,
            secure: self.secure.unwrap_or(false),
            same_site: match self.same_site.as_deref() {
                None => None,
                Some("strict") => Some(SameSite::Strict),
                Some("lax") => Some(SameSite::Lax),
                Some("none") => Some(SameSite::None),
                Some(_) => return Err(error("sameSite is none of strict, lax, none")),
            },
        };
        // A cookie that cannot be written is a mistake of the program, to be told at its start.
        cookie.set("").map_err(|wrong| error(&wrong.to_string()))?;
        Ok(cookie)
    }
}

fn millis(given: Option<f64>, default: Duration) -> Duration {
    given.map_or(default, |millis| seconds(millis / 1_000.0))
}

/// What is no length of time is the longest one: the core bounds it.
fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

/// A number of bytes; the conversion saturates.
fn count(given: Option<f64>, default: usize) -> usize {
    given.map_or(default, |bytes| bytes as usize)
}
