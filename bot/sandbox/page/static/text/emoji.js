// Emoji by their short names in Slack: those of incidents first, then the usual ones.

const TABLE = `
+1 👍|-1 👎|thumbsup 👍|thumbsdown 👎|eyes 👀|white_check_mark ✅|heavy_check_mark ✔️|x ❌|warning ⚠️|rotating_light 🚨|mag 🔍|mag_right 🔎
thinking_face 🤔|fish 🐟|mega 📣|loudspeaker 📢|hammer_and_wrench 🛠️|wrench 🔧|hammer 🔨|rewind ⏪|dart 🎯|boom 💥|ticket 🎫|memo 📝|bulb 💡
pushpin 📌|fire 🔥|fire_engine 🚒|bell 🔔|no_bell 🔕|compass 🧭|zzz 💤|clock1 🕐|hourglass ⌛|hourglass_flowing_sand ⏳|stopwatch ⏱️|alarm_clock ⏰|calendar 📆
red_circle 🔴|large_orange_circle 🟠|large_yellow_circle 🟡|large_green_circle 🟢|large_blue_circle 🔵|white_circle ⚪|black_circle ⚫
large_purple_circle 🟣|large_red_square 🟥|large_orange_square 🟧|large_yellow_square 🟨|large_green_square 🟩|large_blue_square 🟦
tada 🎉|pray 🙏|raised_hands 🙌|clap 👏|wave 👋|ok_hand 👌|muscle 💪|point_right 👉|point_up ☝️|heart ❤️|rocket 🚀|construction 🚧
chart_with_upwards_trend 📈|chart_with_downwards_trend 📉|bar_chart 📊|page_facing_up 📄|clipboard 📋|link 🔗|lock 🔒|unlock 🔓|key 🔑
phone ☎️|pager 📟|telephone_receiver 📞|email ✉️|incoming_envelope 📨|speech_balloon 💬|bust_in_silhouette 👤|busts_in_silhouette 👥|dog 🐶|guide_dog 🦮
service_dog 🐕‍🦺|robot_face 🤖|question ❓|exclamation ❗|grey_question ❔|information_source ℹ️|sos 🆘|no_entry ⛔|no_entry_sign 🚫|recycle ♻️
arrow_up ⬆️|arrow_down ⬇️|arrow_right ➡️|arrow_left ⬅️|leftwards_arrow_with_hook ↩️|twisted_rightwards_arrows 🔀|repeat 🔁|checkered_flag 🏁
triangular_flag_on_post 🚩|white_flag 🏳️|sleeping 😴|sweat_smile 😅|smile 😄|joy 😂|slightly_smiling_face 🙂|grimacing 😬|scream 😱|sob 😭
face_with_monocle 🧐|writing_hand ✍️|hot_face 🥵|cold_face 🥶|bug 🐛|ghost 👻|gear ⚙️|electric_plug 🔌|computer 💻|floppy_disk 💾|package 📦|globe_with_meridians 🌐
snowflake ❄️|sunny ☀️|cloud ☁️|zap ⚡|droplet 💧|ocean 🌊|coffee ☕|ballot_box_with_check ☑️|radio_button 🔘|heavy_plus_sign ➕|heavy_minus_sign ➖
bookmark 🔖|label 🏷️|inbox_tray 📥|outbox_tray 📤|newspaper 📰|scroll 📜|book 📖|books 📚|video_camera 📹|movie_camera 🎥|art 🎨
seedling 🌱|star ⭐|sparkles ✨|100 💯|new 🆕|up 🆙|back 🔙|end 🔚|on 🔛|soon 🔜|top 🔝|thread 🧵|broom 🧹|test_tube 🧪|lower_left_ballpoint_pen 🖊️
pencil2 ✏️|scissors ✂️|paperclip 📎|round_pushpin 📍|mailbox 📫|satellite 🛰️|satellite_antenna 📡|battery 🔋|traffic_light 🚥|vertical_traffic_light 🚦
handshake 🤝|white_medium_square ◻️|black_medium_square ◼️|white_small_square ▫️|black_small_square ▪️|white_large_square ⬜|black_large_square ⬛
white_medium_small_square ◽|black_medium_small_square ◾|clock2 🕑|clock3 🕒|clock4 🕓|clock5 🕔|clock6 🕕|clock7 🕖|clock8 🕗|clock9 🕘|clock10 🕙|clock11 🕚|clock12 🕛
clock130 🕜|clock230 🕝|clock330 🕞|clock430 🕟|clock530 🕠|clock630 🕡|clock730 🕢|clock830 🕣|clock930 🕤|clock1030 🕥|clock1130 🕦|clock1230 🕧|watch ⌚|timer_clock ⏲️
mantelpiece_clock 🕰️|date 📅|spiral_calendar_pad 🗓️|thunder_cloud_and_rain ⛈️|partly_sunny ⛅|tornado 🌪️|fog 🌫️|rainbow 🌈|umbrella ☂️|umbrella_with_rain_drops ☔
volcano 🌋|earth_africa 🌍|earth_americas 🌎|earth_asia 🌏|world_map 🗺️|crescent_moon 🌙|new_moon 🌑|full_moon 🌕|sun_with_face 🌞|first_quarter_moon 🌓|mute 🔇|sound 🔉
speaker 🔈|loud_sound 🔊|performing_arts 🎭|microphone 🎤|headphones 🎧|musical_note 🎵|notes 🎶|radio 📻|tv 📺|camera 📷|camera_with_flash 📸|film_projector 📽️|clapper 🎬
small_red_triangle 🔺|small_red_triangle_down 🔻|small_orange_diamond 🔸|small_blue_diamond 🔹|large_orange_diamond 🔶|large_blue_diamond 🔷
diamond_shape_with_a_dot_inside 💠|bangbang ‼️|interrobang ⁉️|grey_exclamation ❕|negative_squared_cross_mark ❎|o ⭕|heavy_division_sign ➗
heavy_multiplication_x ✖️|infinity ♾️|white_heart 🤍|black_heart 🖤|blue_heart 💙|green_heart 💚|yellow_heart 💛|orange_heart 🧡|purple_heart 💜|broken_heart 💔
arrow_upper_right ↗️|arrow_lower_right ↘️|arrow_upper_left ↖️|arrow_lower_left ↙️|arrow_up_down ↕️|left_right_arrow ↔️|arrow_right_hook ↪️|arrow_heading_up ⤴️
arrow_heading_down ⤵️|arrows_clockwise 🔃|arrows_counterclockwise 🔄|arrow_forward ▶️|arrow_backward ◀️|fast_forward ⏩|arrow_up_small 🔼|arrow_down_small 🔽
double_vertical_bar ⏸️|black_square_for_stop ⏹️|black_circle_for_record ⏺️|one 1️⃣|two 2️⃣|three 3️⃣|four 4️⃣|five 5️⃣|six 6️⃣|seven 7️⃣|eight 8️⃣|nine 9️⃣
zero 0️⃣|abc 🔤|capital_abcd 🔠|1234 🔢|ok 🆗|cool 🆒|free 🆓|ng 🆖|id 🆔|vs 🆚|biohazard_sign ☣️|radioactive_sign ☢️|no_mobile_phones 📵|non-potable_water 🚱
children_crossing 🚸|name_badge 📛|anger 💢|passport_control 🛂|customs 🛃|point_left 👈|point_down 👇|point_up_2 👆|raised_hand ✋|hand ✋
raised_hand_with_fingers_splayed 🖐️|v ✌️|crossed_fingers 🤞|call_me_hand 🤙|fist ✊|facepunch 👊|left-facing_fist 🤛|right-facing_fist 🤜|open_hands 👐
palms_up_together 🤲|selfie 🤳|nail_care 💅|ear 👂|nose 👃|brain 🧠|grinning 😀|grin 😁|laughing 😆|smiley 😃|wink 😉|blush 😊|innocent 😇|sunglasses 😎|nerd_face 🤓|smirk 😏
neutral_face 😐|expressionless 😑|no_mouth 😶|unamused 😒|face_with_rolling_eyes 🙄|flushed 😳|disappointed 😞|worried 😟|angry 😠|rage 😡|pensive 😔|confused 😕
slightly_frowning_face 🙁|white_frowning_face ☹️|persevere 😣|confounded 😖|tired_face 😫|weary 😩|cry 😢|cold_sweat 😰|fearful 😨|disappointed_relieved 😥|sweat 😓
astonished 😲|hushed 😯|open_mouth 😮|dizzy_face 😵|exploding_head 🤯|mask 😷|face_with_thermometer 🤒|nauseated_face 🤢|sneezing_face 🤧|yawning_face 🥱|relieved 😌
heart_eyes 😍|star-struck 🤩|partying_face 🥳|hugging_face 🤗|shushing_face 🤫|face_with_hand_over_mouth 🤭|pleading_face 🥺|rolling_on_the_floor_laughing 🤣
stuck_out_tongue 😛|zany_face 🤪|smiling_imp 😈|imp 👿|skull 💀|skull_and_crossbones ☠️|hankey 💩|poop 💩|clown_face 🤡|alien 👽|space_invader 👾
man_in_business_suit_levitating 🕴️|cop 👮|sleuth_or_spy 🕵️|construction_worker 👷|superhero 🦸|runner 🏃|walking 🚶|dancer 💃|man_dancing 🕺|bow 🙇|family 👪
speaking_head_in_silhouette 🗣️|ambulance 🚑|police_car 🚓|oncoming_police_car 🚔|helicopter 🚁|airplane ✈️|ship 🚢|anchor ⚓|train 🚋|truck 🚚|tractor 🚜|bike 🚲|car 🚗
taxi 🚕|bus 🚌|motorway 🛣️|railway_track 🛤️|fuelpump ⛽|flying_saucer 🛸|hospital 🏥|factory 🏭|office 🏢|house 🏠|school 🏫|bank 🏦|department_store 🏬
classical_building 🏛️|european_castle 🏰|stadium 🏟️|tent ⛺|bridge_at_night 🌉|city_sunset 🌆|cityscape 🏙️|fire_extinguisher 🧯|axe 🪓|pick ⛏️|crossed_swords ⚔️
shield 🛡️|hammer_and_pick ⚒️|nut_and_bolt 🔩|chains ⛓️|toolbox 🧰|magnet 🧲|knife 🔪|gun 🔫|bomb 💣|safety_vest 🦺|helmet_with_white_cross ⛑️|adhesive_bandage 🩹
pill 💊|syringe 💉|stethoscope 🩺|dna 🧬|microscope 🔬|telescope 🔭|alembic ⚗️|petri_dish 🧫|thermometer 🌡️|iphone 📱|calling 📲|fax 📠|desktop_computer 🖥️|printer 🖨️
keyboard ⌨️|three_button_mouse 🖱️|trackball 🖲️|joystick 🕹️|minidisc 💽|cd 💿|dvd 📀|vhs 📼|flashlight 🔦|candle 🕯️|mailbox_with_mail 📬|mailbox_closed 📪
mailbox_with_no_mail 📭|envelope ✉️|envelope_with_arrow 📩|postbox 📮|ballot_box_with_ballot 🗳️|black_nib ✒️|lower_left_fountain_pen 🖋️|lower_left_crayon 🖍️
page_with_curl 📃|bookmark_tabs 📑|card_index 📇|card_index_dividers 🗂️|file_folder 📁|open_file_folder 📂|wastebasket 🗑️|file_cabinet 🗄️|card_file_box 🗃️
spiral_note_pad 🗒️|ledger 📒|notebook 📓|notebook_with_decorative_cover 📔|closed_book 📕|green_book 📗|blue_book 📘|orange_book 📙|receipt 🧾|money_with_wings 💸
moneybag 💰|dollar 💵|euro 💶|credit_card 💳|chart 💹|scales ⚖️|triangular_ruler 📐|straight_ruler 📏|linked_paperclips 🖇️|lock_with_ink_pen 🔏|closed_lock_with_key 🔐
old_key 🗝️|eyeglasses 👓|eye 👁️|crystal_ball 🔮|balloon 🎈|gift 🎁|confetti_ball 🎊|trophy 🏆|sports_medal 🏅|crown 👑|gem 💎|beers 🍻|beer 🍺|wine_glass 🍷
clinking_glasses 🥂|tea 🍵|pizza 🍕|hamburger 🍔|cake 🍰|birthday 🎂|doughnut 🍩|cookie 🍪|apple 🍎|banana 🍌|hot_pepper 🌶️|popcorn 🍿|carrot 🥕|cat 🐱|mouse 🐭|hamster 🐹
rabbit 🐰|bear 🐻|panda_face 🐼|koala 🐨|tiger 🐯|lion_face 🦁|cow 🐮|pig 🐷|frog 🐸|monkey_face 🐵|see_no_evil 🙈|hear_no_evil 🙉|speak_no_evil 🙊|chicken 🐔|penguin 🐧
bird 🐦|eagle 🦅|duck 🦆|owl 🦉|bat 🦇|wolf 🐺|horse 🐴|unicorn_face 🦄|bee 🐝|ant 🐜|snail 🐌|butterfly 🦋|spider 🕷️|scorpion 🦂|turtle 🐢|snake 🐍|octopus 🐙|squid 🦑
shrimp 🦐|crab 🦀|blowfish 🐡|tropical_fish 🐠|dolphin 🐬|whale 🐳|shark 🦈|elephant 🐘|sloth 🦥|goat 🐐|sheep 🐑|dragon 🐉|t-rex 🦖|evergreen_tree 🌲|deciduous_tree 🌳
palm_tree 🌴|cactus 🌵|herb 🌿|four_leaf_clover 🍀|maple_leaf 🍁|fallen_leaf 🍂|mushroom 🍄|bouquet 💐|sunflower 🌻|rose 🌹|cherry_blossom 🌸|soccer ⚽|basketball 🏀
football 🏈|tennis 🎾|bowling 🎳|game_die 🎲|jigsaw 🧩|video_game 🎮|chess_pawn ♟️|rainbow-flag 🏳️‍🌈|crossed_flags 🎌|waving_black_flag 🏴|pirate_flag 🏴‍☠️
peace_symbol ☮️|trident 🔱|beginner 🔰|atom_symbol ⚛️|copyright ©️|registered ®️|tm ™️|star2 🌟|dizzy 💫|sparkle ❇️|collision 💥|sweat_drops 💦|dash 💨|hole 🕳️
left_speech_bubble 🗨️|right_anger_bubble 🗯️|thought_balloon 💭|door 🚪|bed 🛏️|shower 🚿|toilet 🚽|roll_of_paper 🧻|soap 🧼|sponge 🧽|building_construction 🏗️|clamp 🗜️
yarn 🧶|safety_pin 🧷|coffin ⚰️|large_brown_circle 🟤|rain_cloud 🌧️|lightning 🌩️|barely_sunny 🌥️|snow_cloud 🌨️|large_purple_square 🟪|large_brown_square 🟫|eject ⏏️
keycap_ten 🔟|hash #️⃣|octagonal_sign 🛑|spock-hand 🖖|i_love_you_hand_sign 🤟|the_horns 🤘|saluting_face 🫡|heart_hands 🫶|zipper_mouth_face 🤐
face_with_head_bandage 🤕|upside_down_face 🙃|melting_face 🫠|money_mouth_face 🤑|technologist 🧑‍💻|firefighter 🧑‍🚒|face_palm 🤦|shrug 🤷|parachute 🪂|screwdriver 🪛
ladder 🪜|bricks 🧱|low_battery 🪫|identification_card 🪪|medal 🎖️|first_place_medal 🥇|second_place_medal 🥈|third_place_medal 🥉|champagne 🍾|dodo 🦤|mammoth 🦣
flag-us 🇺🇸|flag-gb 🇬🇧|flag-de 🇩🇪|flag-fr 🇫🇷|flag-eu 🇪🇺|flag-pt 🇵🇹|flag-br 🇧🇷|flag-es 🇪🇸|flag-it 🇮🇹|flag-jp 🇯🇵|flag-in 🇮🇳|placard 🪧|mirror 🪞|shopping_trolley 🛒
hook 🪝|toothbrush 🪥|bucket 🪣|mouse_trap 🪤|headstone 🪦|wheel 🛞|ring_buoy 🛟|accordion 🪗|e-mail 📧
telephone ☎️|pencil 📝|thinking 🤔|heavy_exclamation_mark ❗
`;

export const EMOJI = new Map(TABLE.trim().split(/[\n|]/).map((pair) => pair.split(" ")));

const TONES = ["", "", "🏻", "🏼", "🏽", "🏾", "🏿"];

export function emoji(name) {
  const [base, tone] = name.split("::skin-tone-");
  const found = EMOJI.get(base);
  return found ? found + (TONES[Number(tone)] || "") : `:${name}:`;
}
