package mesh

import "math"

// linear maps 8-bit sRGB values to linear light in 0..1 (IEC 61966-2-1).
var linear = func() (table [256]float32) {
	for i := range table {
		c := float64(i) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		table[i] = float32(c)
	}
	return table
}()

// encoded maps linear light in steps of 1/4095 to 8-bit sRGB values.
var encoded = func() (table [4096]uint8) {
	for i := range table {
		c := float64(i) / 4095
		if c <= 0.0031308 {
			c *= 12.92
		} else {
			c = 1.055*math.Pow(c, 1/2.4) - 0.055
		}
		table[i] = uint8(math.Round(c * 255))
	}
	return table
}()

// toSRGB encodes linear light, clipped to 0..1, as 8-bit sRGB.
func toSRGB(light float32) uint8 {
	return encoded[int(min(max(light, 0), 1)*4095+0.5)]
}
