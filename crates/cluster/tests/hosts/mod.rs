//! Places for processes: this machine, or hosts of their own, which are network namespaces joined by a bridge.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Command;

/// Where a process runs, and how others reach it.
#[derive(Debug, Clone)]
pub struct Host {
    namespace: Option<String>,
    pub address: IpAddr,
}

impl Host {
    /// This machine, for itself.
    pub fn local() -> Self {
        Self { namespace: None, address: Ipv4Addr::LOCALHOST.into() }
    }

    /// The program as a command on this host.
    pub fn command(&self, program: &str) -> Command {
        match &self.namespace {
            None => Command::new(program),
            Some(namespace) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", namespace, program]);
                command
            }
        }
    }

    /// An address that nobody listens at.
    pub fn free(&self, at: u16) -> SocketAddr {
        match self.namespace {
            // A host of its own has all ports.
            Some(_) => SocketAddr::new(self.address, 50_050 + at),
            None => {
                let listener = TcpListener::bind((self.address, 0)).expect("a port");
                listener.local_addr().expect("its address")
            }
        }
    }

    /// Whether somebody listens there, as this host sees it.
    pub fn reaches(&self, at: SocketAddr) -> bool {
        match self.namespace {
            None => TcpStream::connect(at).is_ok(),
            Some(_) => {
                let port = format!("exec 3<>/dev/tcp/{}/{}", at.ip(), at.port());
                self.command("bash").args(["-c", &port]).output().is_ok_and(|output| output.status.success())
            }
        }
    }
}

/// Hosts with a network between them, removed when this is dropped.
pub struct Network {
    names: Vec<String>,
}

impl Network {
    /// So many hosts; none where this machine cannot make namespaces, with the reason.
    pub fn of(hosts: usize) -> Result<(Self, Vec<Host>), String> {
        let stem = format!("crs{}", std::process::id() % 100_000);
        let hub = format!("{stem}-hub");
        let mut network = Self { names: Vec::new() };
        network.add(&hub)?;
        ip(&["-n", &hub, "link", "add", "bridge0", "type", "bridge"])?;
        ip(&["-n", &hub, "link", "set", "bridge0", "up"])?;
        let mut made = Vec::new();
        for at in 1..=hosts {
            let name = format!("{stem}-{at}");
            let port = format!("port{at}");
            let address = Ipv4Addr::new(10, 77, 0, at as u8);
            network.add(&name)?;
            ip(&["-n", &hub, "link", "add", &port, "type", "veth", "peer", "name", "eth0", "netns", &name])?;
            ip(&["-n", &hub, "link", "set", &port, "master", "bridge0", "up"])?;
            ip(&["-n", &name, "addr", "add", &format!("{address}/24"), "dev", "eth0"])?;
            ip(&["-n", &name, "link", "set", "eth0", "up"])?;
            ip(&["-n", &name, "link", "set", "lo", "up"])?;
            made.push(Host { namespace: Some(name), address: address.into() });
        }
        Ok((network, made))
    }

    fn add(&mut self, name: &str) -> Result<(), String> {
        ip(&["netns", "add", name])?;
        self.names.push(name.to_owned());
        Ok(())
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.names.iter().for_each(|name| drop(ip(&["netns", "delete", name])));
    }
}

fn ip(words: &[&str]) -> Result<(), String> {
    let output =
        Command::new("ip").args(words).output().map_err(|error| format!("no command ip: {error}"))?;
    let error = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if output.status.success() { Ok(()) } else { Err(format!("ip {}: {error}", words.join(" "))) }
}
