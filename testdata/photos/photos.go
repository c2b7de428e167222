// Package photos embeds the photos that programs need. SOURCES.md has their
// sources and licenses: both are CC0 1.0.
package photos

import _ "embed"

// Coffee is an espresso cup on a table, a JPEG of 600×400 pixels.
//
//go:embed coffee.jpg
var Coffee []byte

// Cat is a cat's head, a WebP of 160×106 pixels.
//
//go:embed cat.webp
var Cat []byte
