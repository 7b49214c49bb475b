//! The options of Python's servers, turned into the core's settings.

use std::borrow::Cow;
use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyList;
use sansocket::engineio;
use sansocket::engineio::Transports;
use sansocket::http::Cookie;
use sansocket::http::Cors;
use sansocket::http::Origins;
use sansocket::http::SameSite;
use sansocket::server::Config;
use sansocket::server::NamespacePolicy;
use sansocket::server::Protocol;

/// The keywords of `Server`; times in seconds, sizes in bytes.
pub(crate) struct Options<'a, 'py> {
    pub(crate) protocol: &'a str,
    pub(crate) ping_interval: f64,
    pub(crate) ping_timeout: f64,
    pub(crate) connect_timeout: f64,
    pub(crate) max_http_buffer_size: usize,
    pub(crate) transports: &'a [String],
    pub(crate) allow_upgrades: bool,
    /// `None` for the server's own, `*` for any.
    pub(crate) cors_allowed_origins: Option<Vec<String>>,
    pub(crate) cors_credentials: bool,
    /// Pairs of an attribute and its value, the name among them.
    pub(crate) cookie: Option<Bound<'py, PyList>>,
    pub(crate) any_namespace: bool,
}

impl Options<'_, '_> {
    pub(crate) fn config(self) -> PyResult<Config> {
        let origins = match self.cors_allowed_origins {
            None => Origins::SameOrigin,
            Some(list) if list.iter().any(|origin| origin == "*") => Origins::Any,
            Some(list) => Origins::List(list),
        };
        Ok(Config {
            protocol: match self.protocol {
                "socketio" => Protocol::SocketIo,
                "engineio" => Protocol::EngineIo,
                other => return Err(invalid(format!("unknown protocol {other:?}"))),
            },
            engineio: engineio::Config {
                ping_interval: seconds(self.ping_interval)?,
                ping_timeout: seconds(self.ping_timeout)?,
                max_payload_bytes: self.max_http_buffer_size,
                transports: transports(self.transports)?,
                allow_upgrades: self.allow_upgrades,
                ..engineio::Config::default()
            },
            cors: Cors {
                origins,
                credentials: self.cors_credentials,
                ..Cors::default()
            },
            cookie: self.cookie.as_ref().map(cookie).transpose()?,
            connect_timeout: seconds(self.connect_timeout)?,
            namespaces: if self.any_namespace {
                NamespacePolicy::Ask
            } else {
                NamespacePolicy::Listed
            },
            ..Config::default()
        })
    }
}

/// A time in seconds, as Python counts it.
pub(crate) fn seconds(value: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(value)
        .map_err(|_| invalid(format!("{value} is no duration in seconds")))
}

fn transports(names: &[String]) -> PyResult<Transports> {
    let has = |name: &str| names.iter().any(|given| given == name);
    match (has("polling"), has("websocket")) {
        (true, true) => Ok(Transports::All),
        (true, false) => Ok(Transports::Polling),
        (false, true) => Ok(Transports::WebSocket),
        (false, false) => Err(invalid("transports are polling and websocket".to_owned())),
    }
}

fn cookie(attributes: &Bound<'_, PyList>) -> PyResult<Cookie> {
    let mut cookie = Cookie {
        path: None,
        http_only: false,
        same_site: None,
        ..Cookie::default()
    };
    for attribute in attributes.iter() {
        let (name, value): (String, Bound<'_, PyAny>) = attribute.extract()?;
        let text = || value.extract::<String>().map(Cow::Owned);
        match name.to_ascii_lowercase().as_str() {
            "name" => cookie.name = text()?,
            "path" => cookie.path = Some(text()?),
            "domain" => cookie.domain = Some(text()?),
            "max-age" => {
                let age = value.str()?.to_string();
                let age = age
                    .parse()
                    .map_err(|_| invalid(format!("max-age {age:?} is no number of seconds")))?;
                cookie.max_age = Some(Duration::from_secs(age));
            }
            "httponly" => cookie.http_only = value.is_truthy()?,
            "secure" => cookie.secure = value.is_truthy()?,
            "samesite" => {
                cookie.same_site = Some(match text()?.to_ascii_lowercase().as_str() {
                    "strict" => SameSite::Strict,
                    "lax" => SameSite::Lax,
                    "none" => SameSite::None,
                    other => return Err(invalid(format!("unknown SameSite {other:?}"))),
                });
            }
            other => return Err(invalid(format!("unknown cookie attribute {other:?}"))),
        }
    }
    Ok(cookie)
}

fn invalid(text: String) -> PyErr {
    PyValueError::new_err(text)
}
