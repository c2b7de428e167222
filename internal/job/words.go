package job

import (
	"fmt"
	"strconv"
)

// Sizes in words. The page writes them alike; testdata/words.json holds the two
// equal.
const (
	kilobyte = 1 << 10
	megabyte = 1 << 20
	// roundsToMegabyte is the least number of bytes that is 1024 KB in whole
	// kilobytes.
	roundsToMegabyte = megabyte - kilobyte/2
)

// Bytes writes a number of bytes for people, rounded to whole kilobytes or tenths
// of a megabyte. Two numbers that differ can have the same words.
func Bytes(bytes int64) string {
	switch {
	case bytes < 1000:
		return exactBytes(bytes)
	case bytes < roundsToMegabyte:
		return fmt.Sprintf("%d KB", (bytes+kilobyte/2)/kilobyte)
	}
	whole, rest := bytes/megabyte, bytes%megabyte
	tenths := (rest*10 + megabyte/2) / megabyte
	whole, tenths = whole+tenths/10, tenths%10
	if tenths == 0 {
		return fmt.Sprintf("%d MB", whole)
	}
	return fmt.Sprintf("%d.%d MB", whole, tenths)
}

// exactBytes writes a number of bytes to the last digit, so that one above a
// limit differs from the limit.
func exactBytes(bytes int64) string {
	if bytes == 1 {
		return "1 byte"
	}
	return thousands(bytes) + " bytes"
}

// limitBytes writes a limit rounded and to the last digit.
func limitBytes(bytes int64) string {
	if bytes < 1000 {
		return exactBytes(bytes)
	}
	return Bytes(bytes) + " (" + exactBytes(bytes) + ")"
}

// limitPixels writes a limit on width times height, to the last digit.
func limitPixels(pixels int64) string {
	const mega = 1_000_000
	if pixels >= mega && pixels%mega == 0 {
		return thousands(pixels/mega) + " megapixels"
	}
	return thousands(pixels) + " pixels"
}

// thousands writes a number with a comma between groups of three digits.
func thousands(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
