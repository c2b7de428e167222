package job

import (
	"fmt"
	"strconv"
)

// Units of the sizes in messages. The page formats sizes in the same way;
// testdata/words.json holds the expected texts of both.
const (
	kilobyte = 1 << 10
	megabyte = 1 << 20
	// roundsToMegabyte is the smallest number of bytes that rounds to 1024
	// KB.
	roundsToMegabyte = megabyte - kilobyte/2
)

// Bytes formats a number of bytes, rounded to whole kilobytes or tenths of a
// megabyte. Different numbers can have the same text.
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

// exactBytes formats a number of bytes with all digits.
func exactBytes(bytes int64) string {
	if bytes == 1 {
		return "1 byte"
	}
	return thousands(bytes) + " bytes"
}

// overBytes formats a number of bytes and the limit that it is above: rounded,
// and with all digits as well if both round to the same.
func overBytes(bytes, limit int64) (size, most string) {
	size, most = Bytes(bytes), Bytes(limit)
	if size == most {
		size, most = size+" ("+exactBytes(bytes)+")", most+" ("+exactBytes(limit)+")"
	}
	return size, most
}

// limitPixels formats a limit on width times height with all digits.
func limitPixels(pixels int64) string {
	const mega = 1_000_000
	if pixels >= mega && pixels%mega == 0 {
		return thousands(pixels/mega) + " megapixels"
	}
	return thousands(pixels) + " pixels"
}

// thousands formats a number with commas between groups of three digits.
func thousands(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
