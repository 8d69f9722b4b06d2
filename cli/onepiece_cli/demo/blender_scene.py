"""Runs inside Blender (no import of ours works there): build the Frost Giant's scene, save it, render it.

blender --background --factory-startup --python blender_scene.py -- SCENE.blend FRAMES/name.#### FIRST LAST WIDTH HEIGHT
"""

# bpy and mathutils exist in Blender's Python alone.
# mypy: ignore-errors

import math
import sys

import bpy
from mathutils import Vector, noise


def main(scene_file, frames, first, last, width, height):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    set_up_render(scene, int(first), int(last), int(width), int(height))
    ice = material("ice", (0.55, 0.72, 0.86), roughness=0.35)
    stone = material("stone", (0.10, 0.15, 0.21), roughness=0.75)
    landscape(ice)
    eyes = giant(stone)
    glow = glowing("eyes", (0.25, 0.85, 1.0), 26.0)
    for eye in eyes:
        eye.data.materials.append(glow)
    light(scene)
    camera(scene, int(first), int(last))
    scene.render.filepath = "//frames/####"  # beside the scene, wherever somebody opens it
    bpy.ops.wm.save_as_mainfile(filepath=scene_file)
    scene.render.filepath = frames
    bpy.ops.render.render(animation=True)


def set_up_render(scene, first, last, width, height):
    scene.frame_start, scene.frame_end = first, last
    scene.render.fps = 24
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 16
    scene.cycles.max_bounces = 4
    scene.cycles.use_denoising = False  # many builds come without a denoiser
    scene.cycles.seed = 7
    scene.render.resolution_x, scene.render.resolution_y = width, height
    scene.render.use_persistent_data = True
    scene.render.film_transparent = True  # the sky is laid behind it later
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_mode = "RGBA"
    scene.render.image_settings.color_depth = "16"
    scene.render.image_settings.exr_codec = "ZIP"
    scene.render.use_overwrite = False  # an interrupted run goes on


def material(name, colour, roughness):
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    shader = made.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*colour, 1.0)
    shader.inputs["Roughness"].default_value = roughness
    return made


def glowing(name, colour, strength):
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    nodes = made.node_tree.nodes
    emission = nodes.new("ShaderNodeEmission")
    emission.inputs["Color"].default_value = (*colour, 1.0)
    emission.inputs["Strength"].default_value = strength
    made.node_tree.links.new(emission.outputs[0], nodes["Material Output"].inputs["Surface"])
    return made


def landscape(ice):
    bpy.ops.mesh.primitive_grid_add(x_subdivisions=220, y_subdivisions=220, size=120)
    ground = bpy.context.object
    for vertex in ground.data.vertices:
        x, y, _ = vertex.co
        height = noise.fractal(Vector((x, y, 0.0)) * 0.045, 1.0, 2.1, 6)
        valley = min(1.0, (abs(x) / 16.0) ** 2)
        far = max(0.0, (y - 14.0) / 16.0)
        vertex.co.z = 1.6 * height * (0.2 + valley) + 7.0 * abs(height) * valley * far + 0.6 * far
    ground.data.materials.append(ice)


def giant(stone):
    """A figure of rough boulders, and its two eyes."""
    boulders = (
        (0.0, 6.4, 1.75, 1.0), (0.0, 4.0, 2.5, 1.15), (0.0, 1.4, 2.0, 1.0),  # chest, belly, hips
        (2.6, 6.6, 1.25, 1.0), (-2.6, 6.6, 1.25, 1.0),  # shoulders
        (3.4, 4.6, 0.95, 1.7), (-3.4, 4.6, 0.95, 1.7),  # arms
        (3.5, 2.2, 1.05, 1.3), (-3.5, 2.2, 1.05, 1.3),  # fists
        (1.2, -0.4, 1.1, 1.5), (-1.2, -0.4, 1.1, 1.5),  # legs
        (0.0, 8.7, 1.05, 1.15),  # head
    )  # fmt: skip
    for index, (x, z, radius, stretch) in enumerate(boulders):
        bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=4, radius=radius, location=(x, 9.0, z))
        rock = bpy.context.object
        for vertex in rock.data.vertices:
            bump = noise.fractal(vertex.co * 1.1 + Vector((index * 9.0, 0, 0)), 1.0, 2.0, 5)
            vertex.co *= 1.0 + 0.24 * bump
            vertex.co.z *= stretch
        rock.data.materials.append(stone)
    eyes = []
    for x in (-0.42, 0.42):
        bpy.ops.mesh.primitive_uv_sphere_add(radius=0.17, location=(x, 7.92, 8.95))
        eyes.append(bpy.context.object)
    return eyes


def light(scene):
    world = bpy.data.worlds.new("sky")
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.16, 0.27, 0.42, 1.0)
    world.node_tree.nodes["Background"].inputs["Strength"].default_value = 0.55
    scene.world = world
    sun = bpy.data.lights.new("sun", "SUN")
    sun.energy, sun.angle, sun.color = 3.0, 0.03, (1.0, 0.66, 0.42)
    placed = bpy.data.objects.new("sun", sun)
    placed.rotation_euler = (math.radians(64), 0.0, math.radians(128))
    scene.collection.objects.link(placed)


def camera(scene, first, last):
    made = bpy.data.objects.new("shot camera", bpy.data.cameras.new("shot camera"))
    made.data.lens = 30
    made.rotation_euler = (math.radians(97), 0.0, 0.0)
    for frame, place in ((first, (1.8, -12.5, 2.4)), (last, (-0.8, -9.0, 2.6))):
        made.location = place
        made.keyframe_insert("location", frame=frame)
    scene.collection.objects.link(made)
    scene.camera = made


main(*sys.argv[sys.argv.index("--") + 1 :])
