//! Trunks by name: service records and addresses, from dnsmasq.

use serde_json::json;

use super::kit::{CODE, Names, Plugin, Sipp, free_port};

#[test]
fn service_records_say_where_the_trunk_is() {
    for tcp in [false, true] {
        let phone = |keys| {
            if tcp { Sipp::answer_over_tcp("keys", keys) } else { Sipp::answer("keys", keys) }
        };
        let trunk = phone(&[("keys", CODE)]);
        let (transport, service) = if tcp { (";transport=tcp", "_tcp") } else { ("", "_udp") };
        let mut records = vec![
            "--host-record=sip1.trunk.test,127.0.0.1".to_owned(),
            format!("--srv-host=_sip.{service}.trunk.test,sip1.trunk.test,{},20,0", trunk.port()),
            "--srv-host=_sip._udp.trunk.test,absent.trunk.test,5060,10,0".to_owned(),
        ];
        if tcp {
            // The preferred one is not there; the next of the name is.
            let closed = free_port();
            records.push(format!("--srv-host=_sip._tcp.trunk.test,sip1.trunk.test,{closed},10,0"));
        }
        let names = Names::start(&records);
        let settings = json!({ "trunk": format!("trunk.test{transport}"), "dns_servers": [names.address()] });
        let mut plugin = Plugin::start(settings);
        let ended = plugin.call();
        assert_eq!(ended.disposition, "entered", "{ended:?}");
        trunk.finish();
        plugin.finish(&ended.checks);
    }
}

#[test]
fn a_name_without_service_records_is_a_host_and_a_port_stands() {
    let trunk = Sipp::answer("keys", &[("keys", CODE)]);
    let names = Names::start(&[
        "--host-record=trunk.test,127.0.0.1".to_owned(),
        "--srv-host=_sip._udp.trunk.test,elsewhere.test,5060".to_owned(),
    ]);
    let address = format!("trunk.test:{}", trunk.port());
    let mut plugin = Plugin::start(json!({ "trunk": address, "dns_servers": [names.address()] }));
    let ended = plugin.call();
    assert_eq!(ended.disposition, "entered", "{ended:?}");
    trunk.finish();
    plugin.finish(&ended.checks);
}

#[test]
fn names_that_lead_nowhere() {
    let names = Names::start(&[
        "--host-record=no-tcp.test,127.0.0.1".to_owned(),
        "--srv-host=_sip._tcp.no-tcp.test".to_owned(),
    ]);
    for (trunk, words) in [
        ("no-tcp.test;transport=tcp", "offers no such transport"),
        ("absent.test;transport=tcp", "cannot be looked up"),
    ] {
        let mut plugin = Plugin::start(json!({ "trunk": trunk, "dns_servers": [names.address()] }));
        let ended = plugin.call();
        assert_eq!(ended.disposition, "unreachable", "{ended:?}");
        assert!(ended.detail.contains(words), "{}", ended.detail);
        let steps = plugin.probe();
        assert!(steps.len() == 1 && steps[0].name == "dns" && steps[0].detail.contains(words), "{steps:?}");
        plugin.finish(&[]);
    }
}
