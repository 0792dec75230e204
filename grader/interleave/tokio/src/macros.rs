//! [`select!`](crate::select!), [`join!`](crate::join!), [`try_join!`](crate::try_join!) and [`pin!`](crate::pin!).
//!
//! They go through their branches one by one. Each step of that recursion makes names of its own (a macro's local names
//! differ by expansion), so that a branch has its variables without anybody counting.

/// As `tokio::select!`. Without `biased;` the branch that is polled first is explored.
#[macro_export]
macro_rules! select {
    (@branches [$($how:tt)*] [$($done:tt)*] else => $otherwise:expr $(,)?) => {
        $crate::select!(@run [$($how)*] [$($done)*] { $otherwise })
    };
    (@branches [$($how:tt)*] [$($done:tt)*]) => {
        $crate::select!(@run [$($how)*] [$($done)*] {
            ::core::panic!("all branches are disabled and there is no else branch")
        })
    };
    (@branches [$($how:tt)*] [$($done:tt)*]
        $pattern:pat = $future:expr, if $condition:expr => $handler:block, $($rest:tt)*) => {
        $crate::select!(@branches [$($how)*]
            [$($done)* { future value open [$pattern] [$future] [$condition] [$handler] }] $($rest)*)
    };
    (@branches [$($how:tt)*] [$($done:tt)*] $pattern:pat = $future:expr => $handler:block, $($rest:tt)*) => {
        $crate::select!(@branches [$($how)*]
            [$($done)* { future value open [$pattern] [$future] [true] [$handler] }] $($rest)*)
    };
    (@branches [$($how:tt)*] [$($done:tt)*]
        $pattern:pat = $future:expr, if $condition:expr => $handler:block $($rest:tt)*) => {
        $crate::select!(@branches [$($how)*]
            [$($done)* { future value open [$pattern] [$future] [$condition] [$handler] }] $($rest)*)
    };
    (@branches [$($how:tt)*] [$($done:tt)*] $pattern:pat = $future:expr => $handler:block $($rest:tt)*) => {
        $crate::select!(@branches [$($how)*]
            [$($done)* { future value open [$pattern] [$future] [true] [$handler] }] $($rest)*)
    };
    (@branches [$($how:tt)*] [$($done:tt)*]
        $pattern:pat = $future:expr, if $condition:expr => $handler:expr $(, $($rest:tt)*)?) => {
        $crate::select!(@branches [$($how)*]
            [$($done)* { future value open [$pattern] [$future] [$condition] [$handler] }] $($($rest)*)?)
    };
    (@branches [$($how:tt)*] [$($done:tt)*] $pattern:pat = $future:expr => $handler:expr $(, $($rest:tt)*)?) => {
        $crate::select!(@branches [$($how)*]
            [$($done)* { future value open [$pattern] [$future] [true] [$handler] }] $($($rest)*)?)
    };
    (@branches $($rest:tt)*) => {
        ::core::compile_error!("a branch of select! is `pattern = future, if condition => handler`, or last `else => handler`")
    };
    (@run [$biased:expr]
        [$({ $future:ident $value:ident $open:ident [$pattern:pat] [$expression:expr] [$condition:expr] [$handler:expr] })*]
        $otherwise:block) => {{
        $( let mut $value = ::core::option::Option::None; )*
        $( let mut $open = $condition; )*
        {
            $( let $future = $crate::__private::IntoFuture::into_future($expression); )*
            $( let mut $future = $crate::__private::pin!($future); )*
            $crate::__private::poll_fn(|context| {
                let count = 0_usize $( + ::core::primitive::usize::from($open) )*;
                let first = if $biased { 0 } else { $crate::__private::choose(count) };
                // Two rounds: from the first branch to the end, then those before it.
                for round in 0..2 {
                    // Counts the branches that are open.
                    let mut place = 0_usize;
                    $(
                        if $open {
                            place += 1;
                            if (place > first) == (round == 0)
                                && let $crate::__private::Poll::Ready(value) =
                                    $crate::__private::Future::poll($future.as_mut(), context)
                            {
                                $open = false;
                                let mut fits = false;
                                // The guard tells whether the pattern fits, and keeps the value from being moved into it.
                                #[allow(unused_variables, unused_mut, unreachable_patterns, clippy::all)]
                                match value {
                                    $pattern if { fits = true; false } => ::core::unreachable!(),
                                    _ => {}
                                }
                                if fits {
                                    $value = ::core::option::Option::Some(value);
                                    return $crate::__private::Poll::Ready(());
                                }
                            }
                        }
                    )*
                    let _ = place;
                }
                if false $( || $open )* {
                    $crate::__private::Poll::Pending
                } else {
                    $crate::__private::Poll::Ready(())
                }
            })
            .await;
        }
        // The futures are gone: a handler may use what they borrowed.
        #[allow(unreachable_patterns, clippy::all)]
        match () {
            $(
                () if $value.is_some() => match $value {
                    ::core::option::Option::Some($pattern) => $handler,
                    _ => ::core::unreachable!(),
                },
            )*
            () => $otherwise,
        }
    }};
    (biased; $($branches:tt)*) => {
        $crate::select!(@branches [true] [] $($branches)*)
    };
    () => {
        ::core::compile_error!("select! requires at least one branch.")
    };
    ($($branches:tt)*) => {
        $crate::select!(@branches [false] [] $($branches)*)
    };
}

/// As `tokio::join!`. Which future is polled first goes round, as there; with `biased;` it is always the first.
#[macro_export]
macro_rules! join {
    (@each [$biased:expr] [$($done:tt)*] $future:expr $(, $($rest:tt)*)?) => {
        $crate::join!(@each [$biased] [$($done)* { future value [$future] }] $($($rest)*)?)
    };
    (@each [$biased:expr] [$({ $future:ident $value:ident [$expression:expr] })*]) => {{
        $( let mut $value = ::core::option::Option::None; )*
        {
            $( let $future = $crate::__private::IntoFuture::into_future($expression); )*
            $( let mut $future = $crate::__private::pin!(::core::option::Option::Some($future)); )*
            let count = 0_usize $( + { let _ = &$value; 1 } )*;
            let mut first = 0_usize;
            $crate::__private::poll_fn(|context| {
                for round in 0..2 {
                    let mut place = 0_usize;
                    $(
                        place += 1;
                        if (place > first) == (round == 0)
                            && let ::core::option::Option::Some(polled) = $future.as_mut().as_pin_mut()
                            && let $crate::__private::Poll::Ready(ready) =
                                $crate::__private::Future::poll(polled, context)
                        {
                            $value = ::core::option::Option::Some(ready);
                            // A future that is ready is dropped at once.
                            $future.set(::core::option::Option::None);
                        }
                    )*
                    let _ = place;
                }
                if !$biased && count > 0 {
                    first = (first + 1) % count;
                }
                if true $( && $value.is_some() )* {
                    $crate::__private::Poll::Ready(())
                } else {
                    $crate::__private::Poll::Pending
                }
            })
            .await;
        }
        ($( $value.expect("all are ready"), )*)
    }};
    (@each $($rest:tt)*) => {
        ::core::compile_error!("join! takes futures, separated by commas")
    };
    (biased; $($futures:tt)*) => {
        $crate::join!(@each [true] [] $($futures)*)
    };
    ($($futures:tt)*) => {
        $crate::join!(@each [false] [] $($futures)*)
    };
}

/// As `tokio::try_join!`. Which future is polled first goes round, as there; with `biased;` it is always the first.
#[macro_export]
macro_rules! try_join {
    (@each [$biased:expr] [$($done:tt)*] $future:expr $(, $($rest:tt)*)?) => {
        $crate::try_join!(@each [$biased] [$($done)* { future value [$future] }] $($($rest)*)?)
    };
    (@each [$biased:expr] [$({ $future:ident $value:ident [$expression:expr] })*]) => {{
        $( let mut $value = ::core::option::Option::None; )*
        let failed = {
            $( let $future = $crate::__private::IntoFuture::into_future($expression); )*
            $( let mut $future = $crate::__private::pin!(::core::option::Option::Some($future)); )*
            let count = 0_usize $( + { let _ = &$value; 1 } )*;
            let mut first = 0_usize;
            $crate::__private::poll_fn(|context| {
                for round in 0..2 {
                    let mut place = 0_usize;
                    $(
                        place += 1;
                        if (place > first) == (round == 0)
                            && let ::core::option::Option::Some(polled) = $future.as_mut().as_pin_mut()
                            && let $crate::__private::Poll::Ready(ready) =
                                $crate::__private::Future::poll(polled, context)
                        {
                            $future.set(::core::option::Option::None);
                            match ready {
                                ::core::result::Result::Ok(ready) => $value = ::core::option::Option::Some(ready),
                                ::core::result::Result::Err(error) => {
                                    return $crate::__private::Poll::Ready(::core::option::Option::Some(error));
                                }
                            }
                        }
                    )*
                    let _ = place;
                }
                if !$biased && count > 0 {
                    first = (first + 1) % count;
                }
                if true $( && $value.is_some() )* {
                    $crate::__private::Poll::Ready(::core::option::Option::None)
                } else {
                    $crate::__private::Poll::Pending
                }
            })
            .await
        };
        match failed {
            ::core::option::Option::None => {
                ::core::result::Result::Ok(($( $value.expect("all are ready"), )*))
            }
            ::core::option::Option::Some(error) => ::core::result::Result::Err(error),
        }
    }};
    (@each $($rest:tt)*) => {
        ::core::compile_error!("try_join! takes futures, separated by commas")
    };
    (biased; $($futures:tt)*) => {
        $crate::try_join!(@each [true] [] $($futures)*)
    };
    ($($futures:tt)*) => {
        $crate::try_join!(@each [false] [] $($futures)*)
    };
}

/// As `tokio::pin!`.
#[macro_export]
macro_rules! pin {
    ($($name:ident),* $(,)?) => {
        $( let mut $name = $crate::__private::pin!($name); )*
    };
    ($(let $name:ident = $value:expr;)*) => {
        $(
            let $name = $value;
            let mut $name = $crate::__private::pin!($name);
        )*
    };
}
