//! `select!` and `select_biased!`.

/// As `crossbeam::channel::select!`: `recv(r) -> result => …`, `send(s, message) -> result => …`, `default => …` and
/// `default(timeout) => …`, in any order.
#[macro_export]
macro_rules! select {
    ($($cases:tt)*) => { $crate::__select!(@case [$crate::channel::Select::new()] [] [] $($cases)*) };
}

/// As `crossbeam::channel::select_biased!`: of several ready operations the first is taken.
#[macro_export]
macro_rules! select_biased {
    ($($cases:tt)*) => { $crate::__select!(@case [$crate::channel::Select::new_biased()] [] [] $($cases)*) };
}

/// The cases are read one by one (`@case`, `@body`, `@push`), then added to a `Select` (`@add`), and the one that was
/// selected is completed (`@complete`).
#[doc(hidden)]
#[macro_export]
macro_rules! __select {
    (@case $new:tt [] []) => { ::core::compile_error!("empty `select!` block") };
    (@case [$new:expr] $cases:tt $default:tt) => {{
        let mut select = $new;
        $crate::__select!(@add select [] $cases $default)
    }};
    (@case $new:tt $cases:tt $default:tt recv($receiver:expr $(,)?) -> $result:pat => $($rest:tt)+) => {
        $crate::__select!(@body $new $cases $default (recv ($receiver) $result) $($rest)+)
    };
    (@case $new:tt $cases:tt $default:tt send($sender:expr, $message:expr $(,)?) -> $result:pat => $($rest:tt)+) => {
        $crate::__select!(@body $new $cases $default (send ($sender) ($message) $result) $($rest)+)
    };
    (@case $new:tt $cases:tt $default:tt default $(())? => $($rest:tt)+) => {
        $crate::__select!(@body $new $cases $default (default) $($rest)+)
    };
    (@case $new:tt $cases:tt $default:tt default($timeout:expr $(,)?) => $($rest:tt)+) => {
        $crate::__select!(@body $new $cases $default (default ($timeout)) $($rest)+)
    };
    (@case $new:tt $cases:tt $default:tt $($rest:tt)+) => {
        ::core::compile_error!(::core::concat!(
            "expected `recv(…) -> … => …`, `send(…, …) -> … => …` or `default => …` in `select!`, found `",
            ::core::stringify!($($rest)+),
            "`"
        ))
    };

    (@body $new:tt $cases:tt $default:tt $head:tt $body:block, $($rest:tt)*) => {
        $crate::__select!(@push $new $cases $default $head ($body) $($rest)*)
    };
    (@body $new:tt $cases:tt $default:tt $head:tt $body:block $($rest:tt)*) => {
        $crate::__select!(@push $new $cases $default $head ($body) $($rest)*)
    };
    (@body $new:tt $cases:tt $default:tt $head:tt $body:expr, $($rest:tt)*) => {
        $crate::__select!(@push $new $cases $default $head ($body) $($rest)*)
    };
    (@body $new:tt $cases:tt $default:tt $head:tt $body:expr) => {
        $crate::__select!(@push $new $cases $default $head ($body))
    };
    (@body $new:tt $cases:tt $default:tt $head:tt $($rest:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "expected an expression and a comma in `select!`, found `",
            ::core::stringify!($($rest)*),
            "`"
        ))
    };

    (@push $new:tt $cases:tt [] (default $($timeout:tt)?) $body:tt $($rest:tt)*) => {
        $crate::__select!(@case $new $cases [$($timeout)? => $body] $($rest)*)
    };
    (@push $new:tt $cases:tt $default:tt (default $($timeout:tt)?) $body:tt $($rest:tt)*) => {
        ::core::compile_error!("there can be only one `default` case in a `select!` block")
    };
    (@push $new:tt [$($cases:tt)*] $default:tt ($($head:tt)*) $body:tt $($rest:tt)*) => {
        $crate::__select!(@case $new [$($cases)* ($($head)* => $body)] $default $($rest)*)
    };

    // What is given may be a sender or receiver, or a reference to one; it must live until the operation is complete.
    (@add $select:ident [$($added:tt)*] [(recv ($receiver:expr) $result:pat => $body:tt) $($cases:tt)*] $default:tt) => {
        match $receiver {
            ref port => {
                let port: &$crate::channel::Receiver<_> = port;
                let index = $select.recv(port);
                $crate::__select!(@add $select [$($added)* (recv port index $result => $body)] [$($cases)*] $default)
            }
        }
    };
    (
        @add $select:ident [$($added:tt)*]
        [(send ($sender:expr) $message:tt $result:pat => $body:tt) $($cases:tt)*] $default:tt
    ) => {
        match $sender {
            ref port => {
                let port: &$crate::channel::Sender<_> = port;
                let index = $select.send(port);
                $crate::__select!(
                    @add $select [$($added)* (send port index $message $result => $body)] [$($cases)*] $default
                )
            }
        }
    };
    (@add $select:ident $added:tt [] []) => {{
        let operation = $select.select();
        $crate::__select!(@complete operation $added)
    }};
    (@add $select:ident $added:tt [] [=> ($body:expr)]) => {
        match $select.try_select() {
            ::core::result::Result::Ok(operation) => $crate::__select!(@complete operation $added),
            ::core::result::Result::Err(_) => $body,
        }
    };
    (@add $select:ident $added:tt [] [($timeout:expr) => ($body:expr)]) => {
        match $select.select_timeout($timeout) {
            ::core::result::Result::Ok(operation) => $crate::__select!(@complete operation $added),
            ::core::result::Result::Err(_) => $body,
        }
    };

    (@complete $operation:ident [(recv $port:ident $index:ident $result:pat => ($body:expr)) $($added:tt)*]) => {
        if $operation.index() == $index {
            let received = $operation.recv($port);
            let $result = received;
            $body
        } else {
            $crate::__select!(@complete $operation [$($added)*])
        }
    };
    (
        @complete $operation:ident
        [(send $port:ident $index:ident ($message:expr) $result:pat => ($body:expr)) $($added:tt)*]
    ) => {
        if $operation.index() == $index {
            let sent = $operation.send($port, $message);
            let $result = sent;
            $body
        } else {
            $crate::__select!(@complete $operation [$($added)*])
        }
    };
    (@complete $operation:ident []) => {{
        ::core::mem::forget($operation);
        ::core::unreachable!("what is selected is one of the cases")
    }};
}
