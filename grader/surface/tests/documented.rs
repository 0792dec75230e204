//! What is read from pages of documentation.

use std::path::Path;
use surface::documented;

const ALL: &str = r#"<ul><li><a href="thread/fn.scope.html">thread::scope</a></li>
<li><a href="sync/struct.Lock.html">sync::Lock</a></li><li><a href="sync/enum.Kind.html">sync::Kind</a></li>
<li><a href="fmt/struct.Other.html">fmt::Other</a></li><li><a href="primitive.u8.html">u8</a></li>
<li><a href="arch/fn.wait.html">arch::wait</a></li></ul>"#;

const SCOPE: &str = r#"<pre class="rust item-decl"><code>pub fn scope&lt;'env, F, T&gt;(f: F) -&gt; T<div class="where">where
    F: FnOnce(&amp;<a class="struct" title="struct std::thread::Scope">Scope</a>&lt;'env&gt;) -&gt; T,</div></code></pre>"#;

const LOCK: &str = r##"<pre class="rust item-decl"><code>pub struct Lock&lt;T, F = <a class="primitive">fn</a>() -&gt; T&gt; { <span
class="comment">/* private fields */</span> }</code></pre>
<section id="method.iter" class="method"><h4 class="code-header">pub fn <a class="fn">iter</a>(&amp;self) -&gt; Iter&lt;'_, T&gt; <a class="tooltip">ⓘ</a></h4></section>
<section id="method.raw" class="method"><h4 class="code-header">pub const unsafe fn <a class="fn">raw</a>(ptr: <a>*mut T</a>, count: usize)</h4></section>
<section id="associatedconstant.MOST" class="associatedconstant"></section>
<h2 id="trait-implementations"></h2>
<section id="impl-Debug" class="impl"><h3 class="code-header">impl&lt;T&gt; <a title="trait std::fmt::Debug">Debug</a> for <a title="struct std::sync::Lock">Lock</a>&lt;T&gt;</h3></section>
<section id="impl-From" class="impl"><h3 class="code-header">impl&lt;T&gt; <a title="trait std::convert::From">From</a>&lt;<a title="struct std::sync::Other">Other</a>&lt;T&gt;&gt; for <a title="struct std::sync::Lock">Lock</a>&lt;T&gt;</h3></section>
<section id="impl-Send" class="impl"><h3 class="code-header">impl&lt;T&gt; !<a title="trait std::marker::Send">Send</a> for <a title="struct std::sync::Lock">Lock</a>&lt;T&gt;</h3></section>
<h2 id="synthetic-implementations"></h2>
<section id="impl-Clone" class="impl"><h3 class="code-header">impl&lt;T&gt; <a title="trait std::clone::Clone">Clone</a> for T</h3></section>"##;

const KIND: &str = r#"<pre class="rust item-decl"><code>pub enum Kind {
    One,
    Two(<a class="primitive">u8</a>),
}</code></pre><section id="variant.One" class="variant"></section><section id="variant.Two" class="variant"></section>"#;

#[test]
fn items_and_what_they_have_are_read() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("documented");
    let pages = [("all", ALL), ("thread/fn.scope", SCOPE), ("sync/struct.Lock", LOCK), ("sync/enum.Kind", KIND)];
    for (page, text) in pages {
        let file = folder.join(format!("{page}.html"));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    let expected = "\
use std::fmt::Other
use std::sync::Kind
use std::sync::Kind::One
use std::sync::Kind::Two
use std::sync::Lock
impl std::sync::Lock of 2: ::core::convert::From<::std::sync::Other<?>>
impl std::sync::Lock of 2: ::core::fmt::Debug
const std::sync::Lock::MOST of 2
fn std::sync::Lock::iter 1 of 2
unsafe std::sync::Lock::raw 2 of 2
fn std::thread::scope 1
";
    assert_eq!(documented::list(&documented::read(&folder)), expected);
}
