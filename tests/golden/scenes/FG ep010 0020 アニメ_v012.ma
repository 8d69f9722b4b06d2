//Maya ASCII 2027 scene
//Name: FG ep010 0020 アニメ_v012.ma
//Last modified: Mon, Mar 01, 2027 10:00:00 AM
//Codeset: UTF-8
file -rdi 1 -ns "hero" -rfn "heroRN" -op "v=0;" -typ "mayaAscii" "../assets/hero rig/hero_rig_v012.ma";
file -rdi 2 -ns "sword" -rfn "hero:swordRN" -typ "mayaBinary" "../assets/剣/sword_v003.mb";
file -r -ns "hero" -dr 1 -rfn "heroRN" -op "v=0;" -typ "mayaAscii"
		 "../assets/hero rig/hero_rig_v012.ma";
requires maya "2027";
requires -nodeType "aiOptions" -nodeType "aiImage" "mtoa" "5.6.0";
currentUnit -l centimeter -a degree -t pal;
fileInfo "application" "maya";
fileInfo "version" "2027";
fileInfo "osv" "Linux 5.14.0-427.el9.x86_64";
createNode transform -s -n "persp";
	rename -uid "0A5B7F00-0001-6A2C-0000-0D5400000001";
	setAttr ".v" no;
createNode file -n "wood";
	setAttr ".ail" yes;
	setAttr ".ftn" -type "string" "sourceimages/wood/wood.<UDIM>.exr";
	setAttr ".uvt" 3;
	setAttr ".cs" -type "string" "ACEScg";
createNode imagePlane -n "plateShape" -p "persp";
	setAttr ".t" 2;
	setAttr ".imn" -type "string" "plates/FG_ep010_0020_plate_v001.1001.exr";
	setAttr ".ufe" yes;
createNode aiImage -n "sky";
	setAttr ".filename" -type "string" "sourceimages/sky ü.####.exr";
createNode AlembicNode -n "crowd";
	setAttr ".fn" -type "string" "$SHOW/cache/crowd_v002.abc";
	setAttr ".fns" -type "stringArray" 2 "cache/crowd_a.abc" "cache/crowd_b.abc"  ;
createNode expression -n "wobble";
	setAttr -k on ".nds";
	setAttr ".ixp" -type "string" ".O[0]=sin(time/2)\n// see \"docs/wobble.txt\", C:\\old\\wobble.mel\n";
createNode script -n "note";
	setAttr ".b" -type "string" (
		"// a long one\n"
		+ "print(\"caches/not_used.abc\");\n");
createNode reference -n "heroRN";
	setAttr ".ed" -type "dataReferenceEdits" 
		"heroRN"
		"heroRN" 0
		"heroRN" 2
		2 "|hero:root" "translate" " -type \"double3\" 0 1 0"
		2 "hero:skin" "fileTextureName" " -type \"string\" \"D:\\\\tex\\\\skin new.tif\"";
createNode script -n "sceneConfigurationScriptNode";
	setAttr ".b" -type "string" "playbackOptions -min 1001 -max 1048 -ast 985 -aet 1064 ";
	setAttr ".st" 6;
connectAttr "wood.oc" "sky.c";
// End of FG ep010 0020 アニメ_v012.ma
