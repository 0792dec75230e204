//! `watch` on a terminal: one loop over keys, saves and the steps of the grading.

use super::Message;
use super::files::{self, Files};
use super::grading::Grading;
use super::model::{Model, Page, Phase, Question};
use super::pages;
use super::terminal::Held;
use super::view::{self, Drawn};
use crate::commands::{Desk, hint, list, reset};
use crate::editor;
use crate::exit_code::ExitCode;
use crate::screen::Screen;
use crossterm::event::{self, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use engine::run::processes;
use engine::trouble::Trouble;
use std::io;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};
use verdict::{Attempt, Event};

/// How long we wait for a key before we look at the messages.
const TICK: Duration = Duration::from_millis(8);

/// Editors write a file in more than one step: a save is over when nothing has happened for so long.
const SETTLED: Duration = Duration::from_millis(12);

/// How often a clock that is on the screen is drawn anew.
const CLOCK: Duration = Duration::from_millis(500);

/// No page is set wider than this, however wide the terminal.
const WIDEST: usize = 110;

/// A terminal that has gone away (its window was closed, a connection broke off) can keep us in a read for ever.
const LAST_PATIENCE: Duration = Duration::from_secs(2);

/// What a key leads to.
enum Next {
    GoOn,
    Quit(ExitCode),
}

struct App<'a> {
    desk: Desk,
    screen: &'a Screen,
    model: Model,
    held: Held,
    files: Files,
    grading: Option<Grading>,
    /// The number of the grading that goes on, or was the last one.
    number: u64,
    /// The fingerprint of the text that is, or was, graded.
    graded: Option<u64>,
    /// When the exercise's folder was last touched, and it was not looked at since.
    touched: Option<Instant>,
    to: Sender<Message>,
    from: Receiver<Message>,
    /// All exercises, for the list.
    rows: Vec<list::Row>,
    page: Option<(u64, usize, Drawn)>,
}

pub(crate) fn run(desk: Desk, folder: &str, screen: &Screen) -> Result<ExitCode, Trouble> {
    let exercise = desk.exercise(folder)?;
    let trouble = |error: io::Error| Trouble::Ours(format!("the terminal cannot be used: {error}"));
    let (to, from) = mpsc::channel();
    let files = Files::watch(&exercise.starter, desk.settings.poll, &to);
    let held = Held::take().map_err(trouble)?;
    let mut app = App {
        model: Model::new(exercise),
        desk,
        screen,
        held,
        files,
        grading: None,
        number: 0,
        graded: None,
        touched: Some(Instant::now()),
        to,
        from,
        rows: Vec::new(),
        page: None,
    };
    end_without_a_terminal();
    app.opened();
    let code = app.watch().map_err(trouble);
    if let Some(grading) = app.grading.take() {
        grading.cancel();
    }
    code
}

/// When we are told to end and do not, the process is ended. Everything that was started has been ended by then.
fn end_without_a_terminal() {
    std::thread::spawn(|| {
        while !processes::interrupted() {
            std::thread::sleep(LAST_PATIENCE / 20);
        }
        std::thread::sleep(LAST_PATIENCE);
        super::terminal::give_back();
        std::process::exit(ExitCode::Interrupted as i32);
    });
}

impl App<'_> {
    fn watch(&mut self) -> io::Result<ExitCode> {
        let mut drawn = Instant::now();
        self.draw()?;
        loop {
            let mut changed = false;
            // Keys that were typed ahead are all taken before anything is drawn.
            let mut patience = TICK;
            while event::poll(std::mem::take(&mut patience))? {
                changed = true;
                match event::read()? {
                    event::Event::Key(key) if key.kind != KeyEventKind::Release => {
                        if let Next::Quit(code) = self.key(key)? {
                            return Ok(code);
                        }
                    }
                    event::Event::Resize(..) => {
                        self.held.refresh()?;
                        self.page = None;
                    }
                    _ => {}
                }
            }
            while let Ok(message) = self.from.try_recv() {
                changed |= self.hear(message);
            }
            if self.files.look() {
                self.touched = Some(Instant::now());
            }
            if self.touched.is_some_and(|at| at.elapsed() >= SETTLED) {
                self.touched = None;
                changed |= self.grade_if_it_is_new();
            }
            if processes::interrupted() {
                return Ok(ExitCode::Interrupted);
            }
            let ticks = matches!(self.model.phase, Phase::Running(_)) && drawn.elapsed() > CLOCK;
            if changed || ticks {
                self.draw()?;
                drawn = Instant::now();
            }
        }
    }

    fn hear(&mut self, message: Message) -> bool {
        match message {
            Message::Touched => {
                self.files.told();
                self.touched = Some(Instant::now());
                false
            }
            // Of gradings that were cancelled nothing is heard.
            Message::Step(number, _) | Message::Closed(number, _) if number != self.number => false,
            Message::Step(_, event) => {
                let is_report = matches!(*event, Event::Report(_));
                // The system may be slow in telling: what is shown as the verdict is about the text that is there.
                if is_report && self.grade_if_it_is_new() {
                    return true;
                }
                self.model.step(*event);
                if is_report {
                    self.reload();
                }
                true
            }
            Message::Closed(_, words) => {
                let code = self.grading.take().and_then(Grading::wait);
                if matches!(self.model.phase, Phase::Running(_)) {
                    let words = words.trim().trim_start_matches("error: ").to_owned();
                    let ended = || format!("The grading ended without a word ({code:?}); r: once more");
                    self.model.fail(if words.is_empty() { ended() } else { words });
                }
                true
            }
        }
    }

    /// Begins a grading if the text is not the one that was graded. Returns whether it does.
    fn grade_if_it_is_new(&mut self) -> bool {
        let now = files::fingerprint(&self.model.exercise.starter);
        let is_new = self.graded != Some(now);
        if is_new {
            self.grade(now);
        }
        is_new
    }

    /// Ends the grading that goes on, if one does, and begins another.
    fn grade(&mut self, fingerprint: u64) {
        if let Some(grading) = self.grading.take() {
            grading.cancel();
        }
        self.number += 1;
        self.graded = Some(fingerprint);
        self.model.begin();
        match Grading::start(&self.desk.workspace.root, &self.model.exercise.folder, self.number, &self.to) {
            Ok(grading) => self.grading = Some(grading),
            Err(trouble) => self.model.fail(trouble.to_string()),
        }
    }

    /// Another exercise, or this one at the start.
    fn opened(&mut self) {
        self.desk.record_quietly(&self.model.exercise.folder, Attempt::Opened);
        self.reload();
    }

    fn open(&mut self, folder: &str) {
        match self.desk.exercise(folder) {
            Ok(exercise) => {
                self.files = Files::watch(&exercise.starter, self.desk.settings.poll, &self.to);
                self.model.open(exercise);
                self.opened();
                self.grade(files::fingerprint(&self.model.exercise.starter));
            }
            Err(trouble) => self.model.remark = Some(trouble.to_string()),
        }
    }

    /// The history may have grown.
    fn reload(&mut self) {
        if let Ok(past) = self.desk.history.read() {
            self.desk.past = past;
        }
        let accepted = self.desk.folders.iter().filter(|folder| self.desk.progress(folder).accepted).count();
        self.model.accepted = (accepted, self.desk.folders.len());
        self.rows = list::rows(&self.desk).unwrap_or_default();
        self.model.version += 1;
    }

    fn key(&mut self, key: KeyEvent) -> io::Result<Next> {
        self.model.remark = None;
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c') if control => return Ok(Next::Quit(ExitCode::Interrupted)),
            KeyCode::Char('z') if control => self.held.suspend()?,
            KeyCode::Char('l') if control => self.held.refresh()?,
            _ if self.model.question.is_some() => self.answer(key.code),
            _ if self.model.page == Page::List => return Ok(self.key_in_list(key.code)),
            KeyCode::Char('q') => return Ok(Next::Quit(ExitCode::Success)),
            KeyCode::Esc | KeyCode::Backspace => self.model.show(Page::Report),
            KeyCode::Char('?') => self.toggle(Page::Help),
            KeyCode::Char('b') => self.toggle(Page::Brief),
            KeyCode::Char('v') if self.model.interleavings().is_empty() => {
                self.model.remark = Some("there is no failing schedule to show step by step".into());
            }
            KeyCode::Char('v') => self.toggle(Page::Replay),
            KeyCode::Char('f') => {
                self.model.in_full ^= true;
                self.model.show(Page::Report);
            }
            KeyCode::Char('h') => self.hint(),
            KeyCode::Char('s') => self.solution(),
            KeyCode::Char('r') => {
                self.model.show(Page::Report);
                self.grade(files::fingerprint(&self.model.exercise.starter));
            }
            KeyCode::Char('x') => self.model.question = Some(Question::Reset),
            KeyCode::Char('e') => self.edit()?,
            KeyCode::Char('n') => self.neighbour(1),
            KeyCode::Char('p') => self.neighbour(-1),
            KeyCode::Char('l') => {
                let here = |folder: &String| *folder == self.model.exercise.folder;
                self.model.list.search.clear();
                self.model.list.chosen = self.desk.folders.iter().position(here).unwrap_or(0);
                self.model.show(Page::List);
            }
            code => self.scroll(code),
        }
        Ok(Next::GoOn)
    }

    fn toggle(&mut self, page: Page) {
        self.model.show(if self.model.page == page { Page::Report } else { page });
    }

    fn scroll(&mut self, code: KeyCode) {
        let screenful = self.height().saturating_sub(2) as isize;
        let (down, right) = match code {
            KeyCode::Up | KeyCode::Char('k') => (-1, 0),
            KeyCode::Down | KeyCode::Char('j') | KeyCode::Enter => (1, 0),
            KeyCode::PageUp => (-screenful, 0),
            KeyCode::PageDown | KeyCode::Char(' ') => (screenful, 0),
            KeyCode::Home | KeyCode::Char('g') => (isize::MIN / 2, 0),
            KeyCode::End | KeyCode::Char('G') => (isize::MAX / 2, 0),
            KeyCode::Left => (0, -8),
            KeyCode::Right => (0, 8),
            _ => return,
        };
        self.model.scroll(down, right);
    }

    fn height(&self) -> usize {
        self.held.terminal.size().map_or(24, |size| usize::from(size.height.saturating_sub(view::FRAME)))
    }

    fn key_in_list(&mut self, code: KeyCode) -> Next {
        let rows = pages::found(&self.rows, &self.model.list.search);
        let list = &mut self.model.list;
        let last = rows.len().saturating_sub(1);
        match code {
            KeyCode::Enter => {
                if let Some(row) = rows.get(list.chosen) {
                    (list.typing, list.search) = (false, String::new());
                    let folder = row.exercise.clone();
                    self.open(&folder);
                }
            }
            KeyCode::Esc if list.typing || !list.search.is_empty() => {
                (list.typing, list.search) = (false, String::new())
            }
            KeyCode::Backspace if list.typing => drop(list.search.pop()),
            KeyCode::Char(letter) if list.typing => {
                list.search.push(letter);
                list.chosen = 0;
            }
            KeyCode::Char('/') => list.typing = true,
            KeyCode::Char('q') => return Next::Quit(ExitCode::Success),
            KeyCode::Esc | KeyCode::Char('l') => self.model.show(Page::Report),
            KeyCode::Up | KeyCode::Char('k') => list.chosen = list.chosen.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => list.chosen = (list.chosen + 1).min(last),
            KeyCode::Home | KeyCode::PageUp | KeyCode::Char('g') => list.chosen = 0,
            KeyCode::End | KeyCode::PageDown | KeyCode::Char('G') => list.chosen = last,
            KeyCode::Left | KeyCode::Right => self.scroll(code),
            _ => {}
        }
        self.model.version += 1;
        Next::GoOn
    }

    fn answer(&mut self, code: KeyCode) {
        let question = self.model.question.take();
        if !matches!(code, KeyCode::Char('y' | 'Y')) {
            return;
        }
        match question {
            Some(Question::GiveUp) => {
                self.desk.record_quietly(&self.model.exercise.folder, Attempt::GaveUp);
                self.reload();
                self.model.show(Page::Solution);
            }
            Some(Question::Reset) => match reset::put_back(&self.desk, &self.model.exercise) {
                Ok(words) => {
                    self.desk.record_quietly(&self.model.exercise.folder, Attempt::Reset);
                    self.model.remark = Some(words.replace('\n', " · ").trim_end_matches(" · ").to_owned());
                    self.touched = Some(Instant::now());
                }
                Err(trouble) => self.model.remark = Some(trouble.to_string()),
            },
            None => {}
        }
    }

    /// The first time the hints that have been read; on their page the next one.
    fn hint(&mut self) {
        let folder = self.model.exercise.folder.clone();
        let read = self.desk.progress(&folder).hints;
        if self.model.page == Page::Hints || read == 0 {
            match hint::next(&self.model.exercise, read) {
                Ok(Some(number)) => self.desk.record_quietly(&folder, Attempt::Hint { number }),
                Ok(None) => {}
                Err(trouble) => self.model.remark = Some(trouble.to_string()),
            }
            self.reload();
        }
        self.model.show(Page::Hints);
        // The last one that was read is the one that is wanted.
        self.model.scroll(isize::MAX / 2, 0);
    }

    fn solution(&mut self) {
        let progress = self.desk.progress(&self.model.exercise.folder);
        if progress.accepted || progress.gave_up {
            self.toggle(Page::Solution);
        } else {
            self.model.question = Some(Question::GiveUp);
        }
    }

    fn neighbour(&mut self, step: isize) {
        let folders = &self.desk.folders;
        let here = folders.iter().position(|folder| *folder == self.model.exercise.folder).unwrap_or(0);
        match here.checked_add_signed(step).and_then(|place| folders.get(place).cloned()) {
            Some(folder) => self.open(&folder),
            None => self.model.remark = Some("there is none in this direction; l: the list".into()),
        }
    }

    /// Opens the file in an editor, which has the terminal meanwhile. The settings name it, or the environment does.
    fn edit(&mut self) -> io::Result<()> {
        let Some(editor) = editor::of(&self.desk.settings) else {
            self.model.remark = Some(editor::NONE.into());
            return Ok(());
        };
        let file = self.model.exercise.starter.join("src/lib.rs");
        let mut command = editor::command(&editor, &file, &self.desk.workspace.root);
        let status = self.held.lend(|| command.status())?;
        match status {
            Ok(status) if status.success() => {}
            Ok(status) => self.model.remark = Some(format!("the editor '{editor}' ended with {status}")),
            Err(error) => self.model.remark = Some(format!("cannot start the editor '{editor}': {error}")),
        }
        self.touched = Some(Instant::now());
        Ok(())
    }

    fn draw(&mut self) -> io::Result<()> {
        let size = self.held.terminal.size()?;
        self.model.polls = self.files.polls();
        let width = usize::from(size.width).clamp(40, WIDEST);
        let is_stale = self.page.as_ref().is_none_or(|(version, of, _)| (*version, *of) != (self.model.version, width));
        if is_stale {
            let screen = Screen { width, ..self.screen.clone() };
            let text = pages::text(&self.model, &self.desk, &self.rows, &screen);
            self.page = Some((self.model.version, width, Drawn::new(&text)));
        }
        let Some((.., page)) = &self.page else { return Ok(()) };
        let path = self.desk.workspace.shown(&self.model.exercise.starter.join("src/lib.rs"));
        let (model, colour) = (&mut self.model, self.screen.colour);
        let mut draw =
            |held: &mut Held| held.terminal.draw(|frame| view::draw(frame, model, page, &path, colour)).map(|_| ());
        // The size may have changed while this was drawn; of that we are told only afterwards.
        draw(&mut self.held).or_else(|_| {
            self.held.refresh()?;
            draw(&mut self.held)
        })
    }
}
