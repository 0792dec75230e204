// Guards of parts, and guards that keep their lock.

struct Pair {
    left: i32,
    right: Option<i32>,
}

async fn a_mutex_is_held_by_a_part() -> String {
    let log = Log::default();
    let mutex = Mutex::new(Pair { left: 1, right: None });
    let guard = mutex.lock().await;
    let Err(guard) = tokio::sync::MutexGuard::try_map(guard, |pair| pair.right.as_mut()) else { panic!("no part") };
    let mut left = tokio::sync::MutexGuard::map(guard, |pair| &mut pair.left);
    *left += 1;
    log.add(format!("{left} {left:?} {}", mutex.try_lock().is_err()));
    let left = tokio::sync::MappedMutexGuard::try_map(left, |left| (*left > 5).then_some(left)).unwrap_err();
    drop(tokio::sync::MappedMutexGuard::map(left, |left| left));
    log.add(mutex.try_lock().is_ok());
    log.text()
}

async fn an_owned_guard_of_a_part_keeps_the_mutex() -> String {
    let log = Log::default();
    let mutex = Arc::new(Mutex::new(Pair { left: 1, right: Some(2) }));
    let weak = Arc::downgrade(&mutex);
    let guard = mutex.lock_owned().await;
    log.add(Arc::strong_count(tokio::sync::OwnedMutexGuard::mutex(&guard)));
    let Ok(part) = tokio::sync::OwnedMutexGuard::try_map(guard, |pair| pair.right.as_mut()) else { panic!("a part") };
    let mut part = tokio::sync::OwnedMappedMutexGuard::map(part, |right| right);
    *part += 1;
    log.add(format!("{part} {}", weak.upgrade().is_some_and(|mutex| mutex.try_lock().is_err())));
    drop(part);
    log.add(weak.upgrade().is_none());
    log.text()
}

async fn a_read_write_lock_is_held_by_a_part() -> String {
    use tokio::sync::{RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard};
    let log = Log::default();
    let lock = RwLock::const_with_max_readers(Pair { left: 1, right: None }, 4);
    let read = RwLockReadGuard::map(lock.read().await, |pair| &pair.left);
    let read = RwLockReadGuard::try_map(read, |left| (*left > 5).then_some(left)).unwrap_err();
    log.add(format!("{read} {} {}", lock.try_read().is_ok(), lock.try_write().is_err()));
    drop(read);
    let Err(write) = RwLockWriteGuard::try_map(lock.write().await, |pair| pair.right.as_mut()) else { panic!("no part") };
    let mut left = RwLockWriteGuard::map(write, |pair| &mut pair.left);
    *left += 1;
    let left = RwLockMappedWriteGuard::try_map(left, |left| (*left > 5).then_some(left)).unwrap_err();
    log.add(format!("{} {}", RwLockMappedWriteGuard::map(left, |left| left), lock.try_write().is_ok()));
    let mapped = RwLockWriteGuard::into_mapped(lock.write().await);
    log.add(format!("{} {}", mapped.left, lock.try_read().is_err()));
    drop(mapped);
    let read = RwLockWriteGuard::downgrade_map(lock.write().await, |pair| &pair.left);
    log.add(format!("{read} {} {}", lock.try_read().is_ok(), lock.try_write().is_err()));
    drop(read);
    let Err(write) = RwLockWriteGuard::try_downgrade_map(lock.write().await, |pair| pair.right.as_ref()) else {
        panic!("no part")
    };
    log.add(format!("{} {}", lock.try_read().is_err(), RwLockWriteGuard::downgrade(write).left));
    log.add(lock.try_write().is_ok());
    log.text()
}

async fn owned_guards_of_a_read_write_lock_keep_it() -> String {
    use tokio::sync::{OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard};
    let log = Log::default();
    let lock = Arc::new(RwLock::new(Pair { left: 1, right: Some(2) }));
    let read = OwnedRwLockReadGuard::map(lock.clone().try_read_owned().unwrap(), |pair| &pair.left);
    log.add(format!("{read} {}", lock.clone().try_write_owned().is_err()));
    log.add(Arc::ptr_eq(OwnedRwLockReadGuard::rwlock(&read), &lock));
    drop(OwnedRwLockReadGuard::try_map(read, |left| Some(left)));
    let write = lock.clone().try_write_owned().unwrap();
    log.add(lock.clone().try_read_owned().is_err());
    let Ok(right) = OwnedRwLockWriteGuard::try_map(write, |pair| pair.right.as_mut()) else { panic!("a part") };
    let mut right = OwnedRwLockMappedWriteGuard::map(right, |right| right);
    *right += 1;
    log.add(format!("{right} {}", Arc::strong_count(OwnedRwLockMappedWriteGuard::rwlock(&right))));
    drop(right);
    let write = lock.clone().write_owned().await;
    let read = OwnedRwLockWriteGuard::downgrade_map(write, |pair| &pair.left);
    log.add(format!("{read} {}", lock.try_read().is_ok()));
    drop(read);
    let write = lock.clone().write_owned().await;
    let Ok(right) = OwnedRwLockWriteGuard::try_downgrade_map(write, |pair| pair.right.as_ref()) else { panic!("a part") };
    log.add(format!("{right} {}", lock.try_read().is_ok()));
    drop(right);
    let read = lock.clone().write_owned().await.downgrade();
    let waiting = tokio::spawn(lock.clone().write_owned());
    time::sleep(ms(1)).await;
    drop(read);
    log.add(OwnedRwLockWriteGuard::into_mapped(waiting.await.unwrap()).left);
    log.text()
}

async fn a_value_that_is_set_once_is_waited_for() -> String {
    let log = Log::default();
    let cell = Arc::new(tokio::sync::SetOnce::new());
    let waiting: Vec<_> = (0..2)
        .map(|_| {
            let cell = cell.clone();
            tokio::spawn(async move { *cell.wait().await })
        })
        .collect();
    time::sleep(ms(1)).await;
    log.add(format!("{:?} {} {:?}", cell.get(), cell.initialized(), cell));
    log.add(format!("{:?} {:?}", cell.set(7), cell.set(8)));
    for task in waiting {
        log.add(task.await.unwrap());
    }
    log.add(format!("{:?} {}", cell, *cell.wait().await));
    log.add(format!("{} {}", cell.as_ref() == &cell.as_ref().clone(), tokio::sync::SetOnce::from(1) == tokio::sync::SetOnce::new()));
    log.add(format!("{:?}", Arc::into_inner(cell).unwrap().into_inner()));
    let cell = OnceCell::const_new_with(3);
    log.add(format!("{:?} {}", cell.clone(), cell == OnceCell::from(4)));
    log.text()
}

async fn threads_wait_for_a_semaphore() -> String {
    let log = Log::default();
    let semaphore = Arc::new(Semaphore::new(1));
    let permit = semaphore.acquire().await.unwrap();
    log.add(std::ptr::eq(permit.semaphore(), &*semaphore));
    let theirs = semaphore.clone();
    let waiting = tokio::task::spawn_blocking(move || {
        let many = theirs.blocking_acquire_many(1).unwrap().num_permits();
        let one = theirs.blocking_acquire().unwrap().num_permits();
        let owned = theirs.clone().blocking_acquire_owned().unwrap().num_permits();
        many + one + owned + theirs.clone().blocking_acquire_many_owned(1).unwrap().num_permits()
    });
    drop(permit);
    log.add(waiting.await.unwrap());
    let mutex = Arc::new(Mutex::new(5));
    let theirs = mutex.clone();
    log.add(tokio::task::spawn_blocking(move || *theirs.blocking_lock_owned()).await.unwrap());
    log.text()
}
