//! A client, its proxies and a manager can be moved to other threads; a client and its proxies are shared and cloned, too.
use std::os::unix::net::UnixStream;
use std::process::Command;
use subject::{Client, Dict, List, Manager, ManagerError};

struct Workers {
    manager: Manager,
    dict: Dict,
    list: List,
}

fn work(workers: Workers) -> Result<i64, Box<dyn std::error::Error + Send + Sync>> {
    let shared = (workers.manager.client(), workers.dict.clone(), workers.list.clone());
    std::thread::scope(|scope| {
        scope.spawn(|| shared.0.dict("name").len());
        scope.spawn(|| shared.1.insert("key", 1));
        scope.spawn(|| shared.2.push(1));
    });
    let list: List = shared.0.clone().list(&String::from("name"));
    Ok(workers.dict.get("key")? + list.get(0)?)
}

fn start(stream: UnixStream, command: Command) -> std::io::Result<()> {
    let client: Client = Client::over(stream);
    let workers = Workers { manager: Manager::start(command)?, dict: client.dict(""), list: client.list("") };
    let result = std::thread::spawn(move || work(workers)).join();
    result.unwrap().map(drop).map_err(std::io::Error::other)
}

fn main() {
    // Only compiled: there is no server here.
    let _: fn(UnixStream, Command) -> std::io::Result<()> = start;
    let error: ManagerError = ManagerError::Changed(Some(1));
    assert!(matches!(error, ManagerError::Changed(_)));
}
