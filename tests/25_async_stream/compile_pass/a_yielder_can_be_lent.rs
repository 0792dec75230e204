//! A yielder can be lent to other functions, recursive ones included, and to generators inside its body.
use subject::{Stream, Yielder, collect, generator, next};

struct Tree {
    value: u32,
    children: Vec<Tree>,
}

async fn walk(y: &mut Yielder<u32>, tree: &Tree) {
    y.emit(tree.value).await;
    for child in &tree.children {
        Box::pin(walk(y, child)).await;
    }
}

async fn forward<S: Stream + Unpin>(y: &mut Yielder<S::Item>, mut stream: S) {
    while let Some(item) = next(&mut stream).await {
        y.emit(item).await;
    }
}

fn main() {
    let tree = Tree { value: 1, children: vec![Tree { value: 2, children: vec![] }] };
    let values = generator(async |y| walk(y, &tree).await);
    let twice = generator(async |y| {
        forward(y, values).await;
        let inner = generator(async |z| {
            y.emit(3).await;
            z.emit("a text").await;
        });
        drop(collect(inner).await);
        walk(y, &tree).await;
    });
    drop(collect(twice));
}
