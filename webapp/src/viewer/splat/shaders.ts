/**
 * Draws each Gaussian as a quad over the ellipse that it covers on the screen. The projection of the
 * covariance is that of EWA splatting (Zwicker et al. 2001, "EWA Volume Splatting", section 4), as 3D
 * Gaussian Splatting uses it, with its low-pass filter of 0.3 pixels.
 */
export const vertexShader = `
precision highp usampler2D;
uniform usampler2D gaussians;
uniform vec2 viewport;
uniform int perRow;
uniform int texelsEach;
in uint order;
out vec4 tint;
out vec2 place;

void main() {
  gl_Position = vec4(0.0, 0.0, 2.0, 1.0);
  int index = int(order);
  ivec2 at = ivec2((index % perRow) * texelsEach, index / perRow);
  uvec4 first = texelFetch(gaussians, at, 0);
  vec4 seen = modelViewMatrix * vec4(uintBitsToFloat(first.xyz), 1.0);
  vec4 clip = projectionMatrix * seen;
  if (clip.w <= 0.0 || any(greaterThan(abs(clip.xy), vec2(1.3 * clip.w)))) return;

  vec4 a = uintBitsToFloat(texelFetch(gaussians, at + ivec2(1, 0), 0));
  vec2 b = uintBitsToFloat(texelFetch(gaussians, at + ivec2(2, 0), 0).xy);
  mat3 covariance = mat3(a.x, a.y, a.z, a.y, a.w, b.x, a.z, b.x, b.y);
  vec2 focal = 0.5 * viewport * vec2(projectionMatrix[0][0], projectionMatrix[1][1]);
  float z = seen.z;
  mat3 jacobian = mat3(
    -focal.x / z, 0.0, 0.0,
    0.0, -focal.y / z, 0.0,
    focal.x * seen.x / (z * z), focal.y * seen.y / (z * z), 0.0
  );
  mat3 toScreen = jacobian * mat3(modelViewMatrix);
  mat3 ellipse = toScreen * covariance * transpose(toScreen);
  float xx = ellipse[0][0] + 0.3;
  float yy = ellipse[1][1] + 0.3;
  float xy = ellipse[0][1];
  float middle = 0.5 * (xx + yy);
  float apart = length(vec2(0.5 * (xx - yy), xy));
  float longest = middle + apart;
  float shortest = max(middle - apart, 0.1);
  vec2 axis = abs(xy) > 1e-6 ? normalize(vec2(xy, longest - xx)) : (xx >= yy ? vec2(1.0, 0.0) : vec2(0.0, 1.0));
  vec2 major = min(sqrt(2.0 * longest), 1024.0) * axis;
  vec2 minor = min(sqrt(2.0 * shortest), 1024.0) * vec2(-axis.y, axis.x);

  uint color = first.w;
  tint = vec4(color & 255u, (color >> 8) & 255u, (color >> 16) & 255u, color >> 24) / 255.0;
  place = position.xy;
  vec2 moved = clip.xy / clip.w + (place.x * major + place.y * minor) * 2.0 / viewport;
  gl_Position = vec4(moved, clip.z / clip.w, 1.0);
}`;

export const fragmentShader = `
precision highp float;
uniform float exposure;
in vec4 tint;
in vec2 place;
out vec4 color;

void main() {
  float power = dot(place, place);
  if (power > 4.0) discard;
  float alpha = exp(-power) * tint.a;
  color = vec4(min(tint.rgb * exposure, vec3(1.0)) * alpha, alpha);
}`;
