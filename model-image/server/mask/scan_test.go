package mask

func Set(reach, color, barrier, strength float64) {
	seedReach, seedColor, seedBarrier, seedStrength = reach, color, barrier, strength
}
