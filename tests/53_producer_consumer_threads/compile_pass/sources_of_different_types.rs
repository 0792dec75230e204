//! Sources of different types go into boxes.
use subject::{Summary, run};

type Source = Box<dyn Iterator<Item = u32> + Send>;

fn main() {
    let sources: Vec<Source> = vec![Box::new(0..3), Box::new(vec![7, 8].into_iter()), Box::new(std::iter::once(9))];
    let summary = run(sources, 1, 1, |_: &u32| Ok::<(), String>(()));
    let Ok(Summary { produced, handled }) = summary else { return };
    let (_, _): (Vec<usize>, Vec<usize>) = (produced, handled);
}
