//! How values become bytes and come back: numbers little endian, texts and lists with their length before them.

use std::io;

/// A value that can be written to a frame and read back.
pub(crate) trait Field: Sized {
    fn put(&self, body: &mut Vec<u8>);
    /// # Errors
    /// `InvalidData` if the bytes are not such a value.
    fn take(bytes: &mut &[u8]) -> io::Result<Self>;
}

pub(crate) fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn too_short() -> io::Error {
    invalid("a frame that ends too early")
}

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl Field for $type {
            fn put(&self, body: &mut Vec<u8>) {
                body.extend_from_slice(&self.to_le_bytes());
            }

            fn take(bytes: &mut &[u8]) -> io::Result<Self> {
                let (number, rest) = bytes.split_first_chunk().ok_or_else(too_short)?;
                *bytes = rest;
                Ok(<$type>::from_le_bytes(*number))
            }
        }
    )*};
}
numbers!(u8, u32, u64, i64);

impl Field for bool {
    fn put(&self, body: &mut Vec<u8>) {
        u8::from(*self).put(body);
    }

    fn take(bytes: &mut &[u8]) -> io::Result<Self> {
        Ok(u8::take(bytes)? != 0)
    }
}

impl Field for String {
    fn put(&self, body: &mut Vec<u8>) {
        (self.len() as u32).put(body);
        body.extend_from_slice(self.as_bytes());
    }

    fn take(bytes: &mut &[u8]) -> io::Result<Self> {
        let length = u32::take(bytes)? as usize;
        let (text, rest) = bytes.split_at_checked(length).ok_or_else(too_short)?;
        *bytes = rest;
        String::from_utf8(text.to_vec()).map_err(|_| invalid("a text that is not UTF-8"))
    }
}

impl<T: Field> Field for Option<T> {
    fn put(&self, body: &mut Vec<u8>) {
        self.is_some().put(body);
        if let Some(value) = self {
            value.put(body);
        }
    }

    fn take(bytes: &mut &[u8]) -> io::Result<Self> {
        if bool::take(bytes)? { T::take(bytes).map(Some) } else { Ok(None) }
    }
}

impl<T: Field> Field for Vec<T> {
    fn put(&self, body: &mut Vec<u8>) {
        (self.len() as u32).put(body);
        for value in self {
            value.put(body);
        }
    }

    fn take(bytes: &mut &[u8]) -> io::Result<Self> {
        // Nothing is reserved for a length that the bytes do not back.
        let length = u32::take(bytes)?;
        (0..length).map(|_| T::take(bytes)).collect()
    }
}

/// `records! { Name { field, … } … }`: a structure is its fields, one after the other.
macro_rules! records {
    ($($name:ident { $($field:ident),* $(,)? })*) => {$(
        impl $crate::field::Field for $name {
            fn put(&self, body: &mut Vec<u8>) {
                $(self.$field.put(body);)*
            }

            fn take(bytes: &mut &[u8]) -> std::io::Result<Self> {
                Ok($name { $($field: $crate::field::Field::take(bytes)?),* })
            }
        }
    )*};
}
pub(crate) use records;
