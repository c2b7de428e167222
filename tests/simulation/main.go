// Command simulation compares the policies that start and stop the GPU: it
// plays days of Poisson arrivals against each and prints docs/scaling.md, with
// the cost a day and the wait. The same flags give the same text.
//
//	go run ./tests/simulation [flags]
//
// It simulates one instance that processes one object at a time; every day is
// a working day. Nothing is measured: [policy] has the facts that AWS documents,
// the flags and the constants beside them are assumptions.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	s := defaults()
	flag.Uint64Var(&s.seed, "seed", s.seed, "seed of the arrivals")
	flag.IntVar(&s.days, "days", s.days, "days to simulate")
	flag.Float64Var(&s.startup, "startup", s.startup, "seconds from the start of an instance to its first request")
	flag.Float64Var(&s.object, "object", s.object, "seconds of the GPU for one object")
	flag.Float64Var(&s.usdPerHour, "price", s.usdPerHour, "dollars an hour of the instance")
	flag.Parse()
	if s.days < 1 || s.startup < 0 || s.object <= 0 || s.usdPerHour < 0 {
		fmt.Fprintln(os.Stderr, "simulation: -days and -object must be positive, -startup and -price not negative")
		os.Exit(2)
	}
	fmt.Print(s.document())
}
