// Package engine runs the Pulumi program with the real engine against an
// emulator of AWS's API: moto, with patches for what it lacks in emulator/.
// The provider is the installed plugin of pulumi-aws 6.83: the published one,
// or one that bridges the code of terraform-provider-aws 5.86, with which the
// tests have passed.
//
// The tests need the pulumi command with that plugin, and the emulator's Python
// environment, which ./setup creates. They skip, with the reason, where one of
// them is missing.
package engine
