//! The page of `report` in a real browser: headless Chromium, if there is one on the path (`.ci/run` installs it).

use crate::replica::{Ran, Replica};
use std::path::Path;
use std::process::Command;

/// Chromium without everything that would reach out of this machine; `None` if there is none.
fn chromium(profile: &Path) -> Option<Command> {
    let path = std::env::var_os("PATH")?;
    let mut places = std::env::split_paths(&path);
    let program = places.find_map(|folder| {
        ["chromium", "chromium-browser", "google-chrome"]
            .map(|name| folder.join(name))
            .into_iter()
            .find(|file| file.is_file())
    })?;
    let mut command = Command::new(program);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]);
    command.args(["--disable-background-networking", "--disable-component-update", "--enable-logging=stderr", "--v=0"]);
    command.arg(format!("--user-data-dir={}", profile.display()));
    Some(command)
}

#[test]
fn the_page_works_in_a_browser_with_the_keyboard_in_the_dark_and_on_a_phone() {
    let profile = tempfile::tempdir().unwrap();
    if chromium(profile.path()).is_none() {
        eprintln!("not tried: there is no Chromium on the path");
        return;
    }
    let replica = Replica::new();
    replica.submit("looks_too_early");
    replica.run(&["check", "latch"]).code(1);
    replica.run(&["report", "--output", "page.html"]).code(0);
    // What a person would do with the keyboard, and what can be seen then, is written into the title.
    let probe = "<script>
        const first = document.querySelector('.step');
        first.focus();
        const told = document.querySelector('.source').textContent;
        const wide = document.documentElement.scrollWidth > document.documentElement.clientWidth;
        const paper = getComputedStyle(document.body).backgroundColor;
        document.title = JSON.stringify({ focused: document.activeElement === first, told, wide, paper });
    </script></body>";
    let page = replica.read("page.html");
    replica.write("probed.html", &page.replace("</body>", probe));
    let look = |arguments: &[&str]| -> serde_json::Value {
        let mut command = chromium(profile.path()).unwrap();
        command.args(arguments).arg("--dump-dom").arg(format!("file://{}", replica.path("probed.html").display()));
        let ran = Ran::of(&mut command).code(0);
        assert!(!ran.err.contains(":CONSOLE("), "{}", ran.err);
        let title = ran.out.split_once("<title>").unwrap().1.split_once("</title>").unwrap().0;
        serde_json::from_str(
            &title.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"),
        )
        .unwrap()
    };
    let light = look(&["--window-size=1100,900"]);
    assert_eq!(light["focused"], true);
    assert!(light["told"].as_str().unwrap().contains(" — "), "{light}");
    let dark = look(&["--window-size=1100,900", "--blink-settings=preferredColorScheme=0"]);
    assert_ne!(light["paper"], dark["paper"]);
    let phone = look(&["--window-size=500,900"]);
    assert_eq!(phone["wide"], false, "the page itself does not scroll sideways; tables and pictures do");
}
