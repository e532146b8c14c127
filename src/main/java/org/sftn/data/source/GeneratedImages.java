package org.sftn.data.source;

import java.io.Serializable;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.sftn.data.image.Preprocessing;
import org.sftn.data.order.RandomStream;

/**
 * Draws a textured shape on a textured ground. A class is a pair of shape and texture; place, size, angle, colors, ground,
 * smaller shapes in the way, light and noise are at random. Only arithmetic that is the same on every machine.
 *
 * @param size height and width in pixels
 */
public record GeneratedImages(int size, long seed) implements Serializable {
    /** Inside or outside, in coordinates in which a shape reaches about 1 from the origin. */
    private enum Shape {
        DISC {
            @Override
            boolean covers(double u, double v) {
                return u * u + v * v < 0.8;
            }
        },
        CROSS {
            @Override
            boolean covers(double u, double v) {
                return Math.abs(u) < 0.98 && Math.abs(v) < 0.98 && (Math.abs(u) < 0.36 || Math.abs(v) < 0.36);
            }
        },
        TRIANGLE {
            @Override
            boolean covers(double u, double v) {
                return triangle(u, v);
            }
        },
        RING {
            @Override
            boolean covers(double u, double v) {
                double r = u * u + v * v;
                return r > 0.25 && r < 0.95;
            }
        },
        BAR {
            @Override
            boolean covers(double u, double v) {
                return Math.abs(u) < 1.05 && Math.abs(v) < 0.42;
            }
        },
        STAR {
            @Override
            boolean covers(double u, double v) {
                return triangle(u, v) || triangle(u, -v);
            }
        },
        SQUARE {
            @Override
            boolean covers(double u, double v) {
                return Math.abs(u) < 0.78 && Math.abs(v) < 0.78;
            }
        },
        HOURGLASS {
            @Override
            boolean covers(double u, double v) {
                return Math.abs(v) < 0.95 && Math.abs(u) < 0.12 + 0.85 * Math.abs(v);
            }
        },
        CRESCENT {
            @Override
            boolean covers(double u, double v) {
                return u * u + v * v < 0.95 && (u - 0.55) * (u - 0.55) + v * v > 0.5;
            }
        },
        FRAME {
            @Override
            boolean covers(double u, double v) {
                double r = Math.max(Math.abs(u), Math.abs(v));
                return r > 0.46 && r < 0.84;
            }
        };

        abstract boolean covers(double u, double v);

        private static boolean triangle(double u, double v) {
            return v < 0.5 && 0.8660254 * u - 0.5 * v < 0.5 && -0.8660254 * u - 0.5 * v < 0.5;
        }
    }

    /** One of two colors, in coordinates in which the pattern repeats every 2. */
    private enum Texture {
        STRIPES {
            @Override
            boolean first(double u, double v) {
                return even(u);
            }
        },
        CHECKS {
            @Override
            boolean first(double u, double v) {
                return even(u) == even(v);
            }
        },
        DOTS {
            @Override
            boolean first(double u, double v) {
                double x = u - 2 * Math.floor(u / 2) - 1;
                double y = v - 2 * Math.floor(v / 2) - 1;
                return x * x + y * y < 0.55;
            }
        },
        PLAIN {
            @Override
            boolean first(double u, double v) {
                return true;
            }
        },
        RINGS {
            @Override
            boolean first(double u, double v) {
                return even(Math.sqrt(u * u + v * v));
            }
        },
        GRID {
            @Override
            boolean first(double u, double v) {
                return u - 2 * Math.floor(u / 2) < 0.6 || v - 2 * Math.floor(v / 2) < 0.6;
            }
        },
        ZIGZAG {
            @Override
            boolean first(double u, double v) {
                return even(u + Math.abs(v - 2 * Math.floor(v / 2) - 1));
            }
        },
        HALVES {
            @Override
            boolean first(double u, double v) {
                return u < 0;
            }
        },
        BRICKS {
            @Override
            boolean first(double u, double v) {
                double shifted = even(v) ? u : u + 1;
                return shifted - 2 * Math.floor(shifted / 2) < 0.5 || v - Math.floor(v) < 0.3;
            }
        },
        WEDGES {
            @Override
            boolean first(double u, double v) {
                return (u > 0 == v > 0) != (Math.abs(u) > Math.abs(v));
            }
        };

        abstract boolean first(double u, double v);

        private static boolean even(double value) {
            return ((long) Math.floor(value) & 1) == 0;
        }
    }

    private static final List<Shape> SHAPES = List.of(Shape.values());
    private static final List<Texture> TEXTURES = List.of(Texture.values());

    /** As many as there are pairs. */
    static final int CLASSES = SHAPES.size() * TEXTURES.size();

    private static final int SUBPIXELS = 2;

    /**
     * Shapes and textures of the first classes are few: neither alone gives the class away. Class 0 is the first pair, 1 to 3 add
     * the second shape and texture, 4 to 8 the third, and so on.
     */
    private record Kind(Shape shape, Texture texture) {
        static Kind of(int label) {
            int shell = (int) Math.sqrt(label);
            int rest = label - shell * shell;
            return rest < shell
                    ? new Kind(SHAPES.get(rest), TEXTURES.get(shell))
                    : new Kind(SHAPES.get(shell), TEXTURES.get(rest - shell));
        }
    }

    /** A shape somewhere, in image coordinates of -1 to 1. */
    private record Figure(
            Kind kind,
            double x,
            double y,
            double scale,
            double cos,
            double sin,
            double stretch,
            double textureCos,
            double textureSin,
            double frequency,
            double phase,
            Color first,
            Color second) {
        /** The color at a point, or null beside the shape. */
        @Nullable
        Color at(double px, double py) {
            double dx = px - x;
            double dy = py - y;
            double u = (dx * cos + dy * sin) / scale * stretch;
            double v = (dy * cos - dx * sin) / scale / stretch;
            return kind.shape().covers(u, v) ? paint(dx, dy) : null;
        }

        Color paint(double dx, double dy) {
            double u = (dx * textureCos + dy * textureSin) * frequency + phase;
            double v = (dy * textureCos - dx * textureSin) * frequency + phase;
            return kind.texture().first(u, v) ? first : second;
        }
    }

    private record Color(double red, double green, double blue) {
        static Color random(RandomStream random) {
            return new Color(random.nextDouble(), random.nextDouble(), random.nextDouble());
        }

        /** A color that stands out from this one by brightness. */
        Color contrasting(RandomStream random, double least) {
            Color other = random(random);
            while (Math.abs(other.brightness() - brightness()) < least) {
                other = random(random);
            }
            return other;
        }

        /** Between this color and another. */
        Color towards(Color other, double share) {
            return new Color(
                    red + share * (other.red - red),
                    green + share * (other.green - green),
                    blue + share * (other.blue - blue));
        }

        double brightness() {
            return 0.3 * red + 0.6 * green + 0.1 * blue;
        }
    }

    /** For people. */
    static String className(int label) {
        Kind kind = Kind.of(label);
        return (kind.texture() + " " + kind.shape()).toLowerCase(Locale.ROOT);
    }

    /**
     * @param label 0 to {@link #CLASSES} - 1
     * @return R, G, B planes, {@code 3 x size x size}; depends on seed, split, number and label alone
     */
    public byte[] planes(Split split, int number, int label) {
        RandomStream random = RandomStream.of("generated-" + split.key(), seed, number);
        Color groundColor = Color.random(random);
        Kind groundKind = new Kind(Shape.DISC, TEXTURES.get(random.nextInt(TEXTURES.size())));
        Figure ground = figure(random, groundKind, 1, groundColor, groundColor.towards(Color.random(random), 0.25));
        Color mainColor = groundColor.contrasting(random, 0.25);
        double scale = random.nextDouble(0.6, 0.9);
        Figure main = figure(random, Kind.of(label), scale, mainColor, mainColor.contrasting(random, 0.4));
        Figure[] distractors = new Figure[random.nextInt(3)];
        for (int i = 0; i < distractors.length; i++) {
            Color color = Color.random(random);
            Kind kind = Kind.of(random.nextInt(CLASSES));
            distractors[i] = figure(random, kind, random.nextDouble(0.1, 0.2), color, color.contrasting(random, 0.1));
        }
        double light = random.nextDouble(0.55, 1.1);
        double lightX = random.nextDouble(-0.3, 0.3);
        double lightY = random.nextDouble(-0.3, 0.3);
        double noise = random.nextDouble(0.01, 0.06);

        byte[] planes = new byte[Preprocessing.CHANNELS * size * size];
        double step = 2.0 / (size * SUBPIXELS);
        for (int y = 0; y < size; y++) {
            for (int x = 0; x < size; x++) {
                double red = 0;
                double green = 0;
                double blue = 0;
                for (int sub = 0; sub < SUBPIXELS * SUBPIXELS; sub++) {
                    double px = (x * SUBPIXELS + sub % SUBPIXELS + 0.5) * step - 1;
                    double py = (y * SUBPIXELS + sub / SUBPIXELS + 0.5) * step - 1;
                    Color color = color(ground, main, distractors, px, py);
                    red += color.red();
                    green += color.green();
                    blue += color.blue();
                }
                double shade = (light + lightX * (x * 2.0 / size - 1) + lightY * (y * 2.0 / size - 1))
                        / (SUBPIXELS * SUBPIXELS);
                int pixel = y * size + x;
                planes[pixel] = value(red * shade + noise * grain(random));
                planes[size * size + pixel] = value(green * shade + noise * grain(random));
                planes[2 * size * size + pixel] = value(blue * shade + noise * grain(random));
            }
        }
        return planes;
    }

    private static Color color(Figure ground, Figure main, Figure[] distractors, double x, double y) {
        for (Figure distractor : distractors) {
            Color color = distractor.at(x, y);
            if (color != null) {
                return color;
            }
        }
        Color color = main.at(x, y);
        return color == null ? ground.paint(x, y) : color;
    }

    private static Figure figure(RandomStream random, Kind kind, double scale, Color first, Color second) {
        double room = 1 - 0.8 * scale;
        double angle = random.nextDouble(0, 2 * Math.PI);
        double textureAngle = random.nextDouble(0, 2 * Math.PI);
        return new Figure(
                kind,
                random.nextDouble(-room, room),
                random.nextDouble(-room, room),
                scale,
                StrictMath.cos(angle),
                StrictMath.sin(angle),
                random.nextDouble(0.92, 1.08),
                StrictMath.cos(textureAngle),
                StrictMath.sin(textureAngle),
                random.nextDouble(2.8, 4.2),
                random.nextDouble(0, 2),
                first,
                second);
    }

    /** About normal with deviation 1. */
    private static double grain(RandomStream random) {
        long bits = random.nextLong();
        int sum = 0;
        for (int i = 0; i < 4; i++) {
            sum += (int) (bits >>> (16 * i)) & 0xFFFF;
        }
        return (sum - 2 * 65535) / 37837.0;
    }

    private static byte value(double intensity) {
        return (byte) Math.max(0, Math.min(255, (int) (intensity * 255 + 0.5)));
    }
}
