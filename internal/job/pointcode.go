package job

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// Points are encoded in one of two forms. The first is for people: + for a point
// inside the object or - for one outside it, x, the letter x, and y, as in
// +120x80-40x300. The second, which begins with ~, takes about half the
// characters: base64 (RFC 4648, section 5, without padding) of two bytes, the
// numbers of bits of x and of y, and then the bits of the points, each inside (1
// or 0), x and y, the most significant bit first. Zeros fill the last byte.
//
// In a picture of 50 megapixels a point takes at most 28 bits: sixteen take 79
// characters. Sixteen objects with a box, sixteen points and a mask each thus
// leave 200 of maxEncoded characters for their labels.
const packed = "~"

const (
	leastBits = 4  // so that the bits of a point are more than those that fill the last byte
	mostBits  = 25 // of maxCoordinate
)

// writePoints encodes points in the form for people.
func writePoints(points []Point) string {
	var text []byte
	for _, p := range points {
		sign := byte('-')
		if p.Inside {
			sign = '+'
		}
		text = strconv.AppendInt(append(text, sign), int64(p.X), 10)
		text = strconv.AppendInt(append(text, 'x'), int64(p.Y), 10)
	}
	return string(text)
}

// packPoints encodes points in the short form. Their coordinates are 0 to
// maxCoordinate.
func packPoints(points []Point) string {
	width, height := leastBits, leastBits
	for _, p := range points {
		width, height = max(width, bits.Len(uint(p.X))), max(height, bits.Len(uint(p.Y)))
	}
	data := []byte{byte(width), byte(height)}
	var pending uint64 // bits that are not in data yet
	waiting := 0       // their number, less than 8
	for _, p := range points {
		point := uint64(p.X)<<height | uint64(p.Y)
		if p.Inside {
			point |= 1 << (width + height)
		}
		pending = pending<<(1+width+height) | point
		for waiting += 1 + width + height; waiting >= 8; waiting -= 8 {
			data = append(data, byte(pending>>(waiting-8)))
		}
		pending &= 1<<waiting - 1
	}
	if waiting > 0 {
		data = append(data, byte(pending<<(8-waiting)))
	}
	return packed + base64.RawURLEncoding.EncodeToString(data)
}

// readPoints decodes points of either form. Spaces may separate those of the
// form for people. The error is part of a message for the user.
func readPoints(text string) ([]Point, error) {
	if short, ok := strings.CutPrefix(text, packed); ok {
		return unpackPoints(short)
	}
	var points []Point
	for rest := text; rest != ""; {
		p := Point{Inside: rest[0] == '+'}
		if !p.Inside && rest[0] != '-' {
			return nil, notPoints(text)
		}
		end := 1 + strings.IndexAny(rest[1:]+"+", "+-")
		x, y, ok := strings.Cut(strings.TrimSpace(rest[1:end]), "x")
		var errX, errY error
		p.X, errX = readCoordinate(x)
		p.Y, errY = readCoordinate(y)
		if !ok || errX != nil || errY != nil {
			return nil, notPoints(text)
		}
		points, rest = append(points, p), rest[end:]
	}
	return points, nil
}

func notPoints(text string) error {
	return fmt.Errorf("%.40q is not points such as +120x80-40x300", text)
}

// readCoordinate parses a number without a sign.
func readCoordinate(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n > maxCoordinate {
		return 0, errors.New("not a coordinate")
	}
	return int(n), nil
}

func unpackPoints(text string) ([]Point, error) {
	wrong := errors.New("its packed points are damaged")
	data, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(data) < 3 {
		return nil, wrong
	}
	width, height := int(data[0]), int(data[1])
	if min(width, height) < leastBits || max(width, height) > mostBits {
		return nil, wrong
	}
	var points []Point
	var pending uint64
	waiting := 0
	for _, b := range data[2:] {
		pending = pending<<8 | uint64(b)
		waiting += 8
		if waiting < 1+width+height {
			continue
		}
		waiting -= 1 + width + height
		point := pending >> waiting
		pending &= 1<<waiting - 1
		p := Point{Inside: point>>(width+height) == 1, X: int(point >> height & (1<<width - 1)), Y: int(point & (1<<height - 1))}
		if p.X > maxCoordinate || p.Y > maxCoordinate {
			return nil, wrong
		}
		points = append(points, p)
	}
	if pending != 0 || waiting >= 8 || len(points) == 0 {
		return nil, wrong
	}
	return points, nil
}
