//! The blocking kernels of GoBench: Yuan, Li, Lu, Liu, Li, Xue, "GoBench: A Benchmark Suite of Real-World Go Concurrency Bugs",
//! CGO 2021. Each is named by its project and the number of the pull request that mended it.

mod channels;
mod locks;
mod mixed;

use super::bug::{Bug, bug};
use channels::{
    cockroach_2448, cockroach_13197, cockroach_25456, etcd_6857, kubernetes_5316, kubernetes_38669, syncthing_5795,
};
use interleave::engine::FailureKind::{Deadlock, Leak};
use locks::{
    cockroach_6181, cockroach_10214, etcd_10492, hugo_3251, kubernetes_13135, kubernetes_58107, moby_4951,
    syncthing_4829,
};
use mixed::{
    cockroach_1055, cockroach_1462, etcd_6873, etcd_7492, grpc_1353, istio_16224, kubernetes_1321, kubernetes_10182,
    kubernetes_11298, moby_25384, moby_28462, moby_30408, serving_2137,
};

corpus! {
    "GoKer";
    etcd_10492: bug("etcd#10492, double locking", Deadlock);
    syncthing_4829: bug("syncthing#4829, double locking", Deadlock);
    cockroach_10214: bug("cockroach#10214, AB-BA", Deadlock);
    kubernetes_13135: bug("kubernetes#13135, AB-BA", Deadlock);
    moby_4951: bug("moby#4951, AB-BA", Deadlock);
    hugo_3251: bug("hugo#3251, AB-BA", Deadlock);
    cockroach_6181: bug("cockroach#6181, read-write-read", Deadlock);
    kubernetes_58107: bug("kubernetes#58107, read-write-read", Deadlock);
    kubernetes_38669: bug("kubernetes#38669, channel", Leak);
    kubernetes_5316: bug("kubernetes#5316, channel", Leak);
    cockroach_25456: bug("cockroach#25456, channel", Deadlock);
    cockroach_2448: bug("cockroach#2448, channel", Deadlock);
    etcd_6857: bug("etcd#6857, channel", Deadlock);
    syncthing_5795: bug("syncthing#5795, channel", Deadlock);
    cockroach_13197: bug("cockroach#13197, channel & context", Leak);
    kubernetes_11298: bug("kubernetes#11298, channel & condition variable", Deadlock);
    moby_30408: bug("moby#30408, condition variable", Deadlock);
    grpc_1353: bug("grpc#1353, channel & lock", Deadlock);
    etcd_7492: bug("etcd#7492, channel & lock", Deadlock);
    etcd_6873: bug("etcd#6873, channel & lock", Deadlock);
    serving_2137: bug("serving#2137, channel & lock", Deadlock);
    istio_16224: bug("istio#16224, channel & lock", Deadlock);
    kubernetes_10182: bug("kubernetes#10182, channel & lock", Deadlock);
    kubernetes_1321: bug("kubernetes#1321, channel & lock", Deadlock);
    moby_28462: bug("moby#28462, channel & lock", Deadlock);
    cockroach_1055: bug("cockroach#1055, channel & wait group", Deadlock);
    cockroach_1462: bug("cockroach#1462, channel & wait group", Deadlock);
    moby_25384: bug("moby#25384, wait group", Deadlock);
}
