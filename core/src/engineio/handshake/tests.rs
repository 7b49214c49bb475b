use alloc::string::ToString;

use super::*;
use crate::engineio::config::Transports;

fn get<'a>(version: &'a str, transport: &'a str, sid: Option<&'a str>) -> Request<'a> {
    Request {
        method: "GET",
        is_upgrade: transport == "websocket",
        version: Parameter::Once(version),
        transport: Parameter::Once(transport),
        sid: sid.into(),
    }
}

fn admit<'a>(request: &Request<'a>) -> Result<Admission<'a>, Refusal> {
    request.admit(&Config::default())
}

#[test]
fn good_requests_are_admitted() {
    let sid = "lv_VI97HAXpY6yYWAAAC";
    let open = |transport| Ok(Admission::Open(transport));
    assert_eq!(admit(&get("4", "polling", None)), open(Transport::Polling));
    assert_eq!(
        admit(&get("4", "websocket", None)),
        open(Transport::WebSocket)
    );
    assert_eq!(
        admit(&get("4", "polling", Some(sid))),
        Ok(Admission::Poll { sid })
    );
    assert_eq!(
        admit(&get("4", "websocket", Some(sid))),
        Ok(Admission::Upgrade { sid })
    );
    let post = Request {
        method: "POST",
        ..get("4", "polling", Some(sid))
    };
    assert_eq!(admit(&post), Ok(Admission::Post { sid }));
}

#[test]
fn an_empty_sid_asks_for_a_new_session() {
    assert_eq!(
        admit(&get("4", "polling", Some(""))),
        Ok(Admission::Open(Transport::Polling))
    );
}

#[test]
fn the_version_is_mandatory_on_every_request() {
    let unsupported = Err(Refusal::UnsupportedVersion);
    for sid in [None, Some("sid")] {
        for transport in ["polling", "websocket"] {
            for version in ["", "3", "5", "abc", "4 ", "04", "٤"] {
                assert_eq!(
                    admit(&get(version, transport, sid)),
                    unsupported,
                    "{version}"
                );
            }
            let absent = Request {
                version: Parameter::Absent,
                ..get("", transport, sid)
            };
            assert_eq!(admit(&absent), unsupported);
        }
    }
}

#[test]
fn a_session_is_opened_with_get() {
    for method in ["POST", "PUT", "DELETE", "get", ""] {
        let request = Request {
            method,
            ..get("4", "polling", None)
        };
        assert_eq!(
            admit(&request),
            Err(Refusal::BadHandshakeMethod),
            "{method}"
        );
    }
}

#[test]
fn a_session_knows_get_and_post_only() {
    for method in ["PUT", "DELETE", "HEAD", "post"] {
        let request = Request {
            method,
            ..get("4", "polling", Some("sid"))
        };
        assert_eq!(admit(&request), Err(Refusal::BadRequest), "{method}");
    }
    let upgrade = Request {
        method: "POST",
        ..get("4", "websocket", Some("sid"))
    };
    assert_eq!(admit(&upgrade), Err(Refusal::BadRequest));
}

#[test]
fn upgrade_requests_and_websocket_belong_together() {
    for (transport, is_upgrade) in [("websocket", false), ("polling", true)] {
        for sid in [None, Some("sid")] {
            let request = Request {
                is_upgrade,
                ..get("4", transport, sid)
            };
            assert_eq!(admit(&request), Err(Refusal::BadRequest), "{transport}");
        }
    }
}

#[test]
fn a_transport_that_is_not_offered_is_unknown() {
    let config = Config {
        transports: Transports::WebSocket,
        ..Config::default()
    };
    let unknown = Err(Refusal::UnknownTransport);
    assert_eq!(get("4", "polling", None).admit(&config), unknown);
    assert_eq!(
        get("4", "websocket", None).admit(&config),
        Ok(Admission::Open(Transport::WebSocket))
    );
}

#[test]
fn t09_no_value_of_the_query_is_trusted() {
    let long = "x".repeat(10_000);
    let odd = [
        "",
        "__proto__",
        "constructor",
        "toString",
        "webtransport",
        &long,
    ];
    for value in odd
        .into_iter()
        .map(Parameter::Once)
        .chain([Parameter::Absent, Parameter::Repeated])
    {
        for is_upgrade in [false, true] {
            for sid in [Parameter::Absent, Parameter::Once("sid"), value] {
                let name = if is_upgrade { "websocket" } else { "polling" };
                let good = Request {
                    is_upgrade,
                    sid,
                    ..get("4", name, None)
                };
                let transport = Request {
                    transport: value,
                    ..good
                };
                assert_eq!(admit(&transport), Err(Refusal::UnknownTransport));
                let version = Request {
                    version: value,
                    ..good
                };
                assert!(admit(&version).is_err(), "{value:?}");
            }
        }
    }
    let repeated = Request {
        sid: Parameter::Repeated,
        ..get("4", "polling", None)
    };
    assert_eq!(admit(&repeated), Err(Refusal::UnknownSession));
    // Any other text may name a session; the caller looks it up.
    assert_eq!(
        admit(&get("4", "polling", Some("__proto__"))),
        Ok(Admission::Poll { sid: "__proto__" })
    );
}

#[test]
fn refusals_read_as_those_of_the_reference_server() {
    let table = [
        (
            Refusal::UnknownTransport,
            400,
            r#"{"code":0,"message":"Transport unknown"}"#,
        ),
        (
            Refusal::UnknownSession,
            400,
            r#"{"code":1,"message":"Session ID unknown"}"#,
        ),
        (
            Refusal::BadHandshakeMethod,
            400,
            r#"{"code":2,"message":"Bad handshake method"}"#,
        ),
        (
            Refusal::BadRequest,
            400,
            r#"{"code":3,"message":"Bad request"}"#,
        ),
        (
            Refusal::Forbidden,
            403,
            r#"{"code":4,"message":"Forbidden"}"#,
        ),
        (
            Refusal::UnsupportedVersion,
            400,
            r#"{"code":5,"message":"Unsupported protocol version"}"#,
        ),
        (Refusal::PayloadTooLarge, 413, ""),
    ];
    for (refusal, status, body) in table {
        assert_eq!(refusal.status(), status);
        assert_eq!(refusal.body(), body);
    }
}

#[test]
fn the_open_packet_has_exactly_the_five_keys() {
    let config = Config::default();
    let text = |transport, config: &Config| {
        let packet = open_packet("abc", transport, config);
        core::str::from_utf8(&packet.bytes).unwrap().to_string()
    };
    assert_eq!(
        text(Transport::Polling, &config),
        r#"0{"sid":"abc","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#
    );
    assert_eq!(
        text(Transport::WebSocket, &config),
        r#"0{"sid":"abc","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#
    );
    let config = Config {
        allow_upgrades: false,
        ..config
    };
    assert!(text(Transport::Polling, &config).contains(r#""upgrades":[]"#));
}

#[test]
fn a_session_id_cannot_break_out_of_its_string() {
    let packet = open_packet(
        r#"a","upgrades":["x"#,
        Transport::WebSocket,
        &Config::default(),
    );
    let text = core::str::from_utf8(&packet.bytes).unwrap();
    assert!(
        text.starts_with(r#"0{"sid":"a\",\"upgrades\":[\"x","upgrades":[],"#),
        "{text}"
    );
}
