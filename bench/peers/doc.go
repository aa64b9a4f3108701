// Command peers measures a vault network beside what somebody might take instead: etcd, go-libp2p-kad-dht and CometBFT, in
// one run, by turns, with the same load generator and the same clients. It is a module of its own, so that what it
// depends on stays out of the vault network's.
//
//	go run . -all                      everything, some ten minutes
//	go run . -only etcd,read -runs 3   some of it
//	go run . -list                     what there is
//
// Each comparison starts both sides, lets each warm up, and measures them by turns; ratios are of runs that followed one
// another, and shown with their spread, for a machine that is busy with other things is so for both. What each of them
// guarantees, and what not, is printed with the figures: none does what another does.
package main
