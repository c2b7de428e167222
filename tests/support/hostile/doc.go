// Package hostile makes pictures for tests that are small to send and expensive
// to decode. They follow their formats' standards unless their comment says
// otherwise, so that no check of validity finds them.
package hostile
