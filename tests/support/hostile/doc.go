// Package hostile encodes pictures for tests that are small files and expensive
// to decode. They follow their formats' standards unless their comment says
// otherwise, so that they pass checks of validity.
package hostile
