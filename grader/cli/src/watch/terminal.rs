//! The terminal in our hands, and back in the user's: at the end, while an editor runs, while we are suspended, and after a
//! panic of ours.

use crossterm::{cursor, execute, terminal};
use ratatui::{Terminal, backend::CrosstermBackend};
use std::io::{self, Stdout, stdout};
use std::sync::Once;

/// The terminal, in raw mode and on its other page; given back when dropped.
pub(crate) struct Held {
    pub(crate) terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl Held {
    /// Takes the terminal.
    pub(crate) fn take() -> io::Result<Held> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let usual = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                give_back();
                usual(info);
            }));
        });
        enter()?;
        Ok(Held { terminal: fresh()? })
    }

    /// Draws everything anew: something else was on the screen, or it has another size.
    pub(crate) fn refresh(&mut self) -> io::Result<()> {
        self.terminal = fresh()?;
        Ok(())
    }

    /// Lets somebody else use the terminal meanwhile.
    pub(crate) fn lend<T>(&mut self, use_it: impl FnOnce() -> T) -> io::Result<T> {
        give_back();
        let result = use_it();
        enter()?;
        self.refresh()?;
        Ok(result)
    }

    /// Ctrl-Z: the shell gets the terminal until it lets us go on.
    pub(crate) fn suspend(&mut self) -> io::Result<()> {
        self.lend(|| {
            // SAFETY: a plain signal to this process. Gradings are in groups of their own, and go on.
            unsafe { libc::raise(libc::SIGTSTP) };
        })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        give_back();
    }
}

/// A screen that is known to be empty. (The library's own way of clearing one asks the terminal where its cursor is, and not every
/// terminal answers.)
fn fresh() -> io::Result<Terminal<CrosstermBackend<Stdout>>> {
    execute!(stdout(), terminal::Clear(terminal::ClearType::All))?;
    Terminal::new(CrosstermBackend::new(stdout()))
}

fn enter() -> io::Result<()> {
    terminal::enable_raw_mode()?;
    execute!(stdout(), terminal::EnterAlternateScreen, cursor::Hide)
}

/// Whatever the terminal was, it is a usual one again. Does no harm when it is already, or gone.
pub(crate) fn give_back() {
    let _ = terminal::disable_raw_mode();
    let _ = execute!(stdout(), terminal::LeaveAlternateScreen, cursor::Show);
}
